import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Glyph } from "../look/glyph.js";
import { useStore } from "../look/store.js";
import { Text } from "../look/text.js";
import { clock, type Language } from "../look/words.js";
import type { Handset } from "./handset.js";
import { type App, appHosts, type Button, type Message, type Thread } from "./provider.js";
import { answered, threadOf, threadsOf } from "./state.js";
import { phoneWords } from "./words.js";

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

function Messages({ handset, thread, language }: { handset: Handset; thread: Thread; language: Language }) {
	const words = phoneWords[language];
	const list = useRef<HTMLDivElement>(null);
	const own = thread.messages.filter((one) => one.from === "person").at(-1);
	useLayoutEffect(() => {
		if (list.current) list.current.scrollTop = list.current.scrollHeight;
	}, [thread.integration, thread.messages.length, thread.typing]);
	useEffect(() => {
		const look = () => {
			if (thread.unread > 0 && document.visibilityState === "visible") void handset.read(thread.integration);
		};
		look();
		document.addEventListener("visibilitychange", look);
		return () => document.removeEventListener("visibilitychange", look);
	}, [thread.integration, thread.unread]);
	/** Links into the apps open on this phone and not on the computer. */
	const follow = (event: MouseEvent) => {
		const link = event.target instanceof Element ? event.target.closest("a") : null;
		if (!link || !appHosts.includes(link.hostname)) return;
		event.preventDefault();
		void handset.visit(link.href);
	};
	return (
		// biome-ignore lint/a11y/useKeyWithClickEvents: what is clicked is a link, which keys press, too
		<div
			class="phone-messages"
			ref={list}
			role="log"
			aria-label={words.messages(thread.account)}
			// biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys have to reach it
			tabIndex={0}
			onClick={follow}
		>
			{thread.messages.map((one) => (
				<Bubble
					key={one.id}
					message={one}
					thread={thread}
					handset={handset}
					language={language}
					last={one === own}
				/>
			))}
			{thread.starters && thread.messages.length === 0 && (
				<div class="phone-starters">
					{thread.starters.map((button) => (
						<Tap key={button.id} button={button} onTap={() => handset.tap(thread.integration, button)} />
					))}
				</div>
			)}
			{thread.typing && (
				<p class="phone-typing" role="status">
					<span aria-hidden="true" class="dots">
						<i />
						<i />
						<i />
					</span>
					<span class="hidden">{words.typing(thread.account)}</span>
				</p>
			)}
		</div>
	);
}

function Bubble({
	message,
	thread,
	handset,
	language,
	last,
}: {
	message: Message;
	thread: Thread;
	handset: Handset;
	language: Language;
	/** It is the last of the person's, under which it says how far it came. */
	last: boolean;
}) {
	const words = phoneWords[language];
	const mine = message.from === "person";
	const over = answered(thread, message);
	const reaction = message.reaction || message.business_reaction;
	return (
		<div class={`phone-message ${mine ? "mine" : "theirs"}`} data-message={message.id}>
			<span class="hidden">{mine ? words.you : thread.account}: </span>
			<div class="phone-bubble">
				{message.media?.map((file) =>
					file.kind === "image" || file.kind === "sticker" ? (
						<img key={file.id} src={`/sim/media/${file.id}`} alt={file.name || words.pictureAlt} />
					) : (
						<a key={file.id} class="phone-file" href={`/sim/media/${file.id}`} download>
							<Glyph name="file" />
							<bdi>{words.file(file.name ?? file.kind)}</bdi>
						</a>
					),
				)}
				{message.deleted ? (
					<i>{words.deleted}</i>
				) : (
					message.text && !(message.media?.length && /^\[/.test(message.text)) && <Text text={message.text} />
				)}
				<span class="phone-time">
					{!!message.edits && `${words.edited} `}
					{clock(language, new Date(message.at))}
				</span>
			</div>
			{reaction && (
				<span class="phone-reaction" role="img" aria-label={words.reaction(reaction)}>
					{reaction}
				</span>
			)}
			{message.buttons?.map((button) => (
				<Tap
					key={button.id || button.title}
					button={button}
					over={over}
					onTap={() => handset.tap(thread.integration, button, message)}
				/>
			))}
			{last && message.state && (
				<span class="phone-state">{message.state === "read" ? words.read : words.delivered}</span>
			)}
		</div>
	);
}

/** Something to tap below a message. Links that open no app go where they say. */
function Tap({
	button,
	over = false,
	onTap,
}: {
	button: Button;
	over?: boolean | undefined;
	onTap: () => void;
}) {
	let host = "";
	if (button.kind === "url") {
		try {
			host = new URL(button.url ?? "").hostname;
		} catch {
			return null;
		}
	}
	if (host && !appHosts.includes(host)) {
		return (
			<a
				class="phone-tap"
				href={button.url}
				title={host}
				target="_blank"
				rel="noopener noreferrer nofollow"
				dir="auto"
			>
				{button.title}
			</a>
		);
	}
	return (
		<button type="button" class="phone-tap" disabled={over} onClick={onTap} dir="auto">
			{button.title}
			{button.description && <small>{button.description}</small>}
		</button>
	);
}

function Composer({ handset, thread, language }: { handset: Handset; thread: Thread; language: Language }) {
	const words = phoneWords[language];
	const [text, setText] = useState(thread.draft ?? "");
	const picture = useRef<HTMLInputElement>(null);
	const field = useRef<HTMLTextAreaElement>(null);
	useEffect(() => {
		if (thread.draft) setText(thread.draft);
	}, [thread.draft]);
	useLayoutEffect(() => {
		const box = field.current;
		if (!box) return;
		box.style.blockSize = "auto";
		box.style.blockSize = `${Math.min(box.scrollHeight, 104)}px`;
	}, [text]);
	const send = async () => {
		const said = text.trim();
		if (!said) return;
		setText("");
		if (!(await handset.send(thread.integration, said))) setText(said);
	};
	return (
		<form
			class={`phone-composer ${thread.draft && text ? "ready" : ""}`}
			onSubmit={(event) => {
				event.preventDefault();
				void send();
			}}
		>
			<input
				ref={picture}
				type="file"
				accept="image/*"
				class="hidden"
				tabIndex={-1}
				aria-hidden="true"
				onChange={(event) => {
					const file = event.currentTarget.files?.[0];
					event.currentTarget.value = "";
					if (file) void handset.sendPicture(thread.integration, file, "");
				}}
			/>
			<button
				type="button"
				class="button plain icon"
				aria-label={words.picture}
				title={words.picture}
				onClick={() => picture.current?.click()}
			>
				<Glyph name="picture" />
			</button>
			<textarea
				ref={field}
				class="input"
				rows={1}
				dir="auto"
				aria-label={words.message}
				placeholder={words.message}
				value={text}
				onInput={(event) => setText(event.currentTarget.value)}
				onKeyDown={(event) => {
					if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
					event.preventDefault();
					void send();
				}}
			/>
			<button
				type="submit"
				class="button primary icon phone-send"
				aria-label={words.send}
				title={words.send}
				aria-disabled={!text.trim()}
			>
				<Glyph name="send" />
			</button>
		</form>
	);
}
