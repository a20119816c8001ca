import { Glyph } from "../look/glyph.js";
import { useStore } from "../look/store.js";
import type { Language } from "../look/words.js";
import { Composer } from "./composer.js";
import type { Handset } from "./handset.js";
import { Messages } from "./messages.js";
import type { App, Thread } from "./provider.js";
import { threadOf, threadsOf } from "./state.js";
import { phoneWords } from "./words.js";
import "./app.css";

/** What an app of the phone shows: its thread, or that there is none. */
export function AppScreen({
	handset,
	app,
	language,
	contacts,
	onScan,
}: {
	handset: Handset;
	app: App;
	language: Language;
	/** Whether a chat can be begun with any account. */
	contacts: boolean;
	onScan: () => void;
}) {
	const state = useStore(handset.store, (value) => value);
	const words = phoneWords[language];
	const thread = threadOf(state, app);
	const accounts = contacts ? state.integrations.filter((one) => one.channel === app) : [];
	const threads = threadsOf(state, app);
	if (!thread) {
		return (
			<div class="phone-empty">
				<Glyph name={app} />
				<p class="phone-empty-title">{words.noChats}</p>
				<p>{words.noChatsHint(words.appNames[app])}</p>
				<button type="button" class="button" onClick={onScan}>
					<Glyph name="scan" />
					{words.scan}
				</button>
				{accounts.map((one) => (
					<button type="button" class="button plain" key={one.id} onClick={() => handset.choose(app, one.id)}>
						{words.writeTo} <bdi>{one.account}</bdi>
					</button>
				))}
			</div>
		);
	}
	const choices = contacts
		? accounts.map((one) => ({ id: one.id, account: one.account }))
		: threads.map((one) => ({ id: one.integration, account: one.account }));
	return (
		<div class="phone-app">
			<header class="phone-head">
				<span class="phone-app-name">
					<Glyph name={app} />
					{words.appNames[app]}
				</span>
				{choices.length > 1 ? (
					<select
						class="phone-account"
						aria-label={words.accounts}
						value={thread.integration}
						onChange={(event) => handset.choose(app, event.currentTarget.value)}
					>
						{choices.map((one) => (
							<option key={one.id} value={one.id}>
								{one.account}
							</option>
						))}
					</select>
				) : (
					<bdi class="phone-account">{nameOf(thread)}</bdi>
				)}
			</header>
			<Messages handset={handset} thread={thread} language={language} />
			<Composer key={thread.integration} handset={handset} thread={thread} language={language} />
		</div>
	);
}

/** What stands at the top of a thread: a number is written as one. */
function nameOf(thread: Thread): string {
	return thread.channel === "whatsapp" ? `+${thread.account}` : thread.account;
}
