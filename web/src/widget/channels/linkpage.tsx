import { useEffect, useState } from "preact/hooks";
import { channelSign, Sign, type SignName } from "../../look/sign.js";
import { useStore } from "../../look/store.js";
import { channelName } from "../../look/words.js";
import { useChat } from "../chat.js";
import { question } from "./brought.js";
import type { Linking } from "./link.js";
import type { MenuWords } from "./menuwords.js";
import type { PageProps } from "./page.js";
import { Qr } from "./qr.js";
import { Visit } from "./visit.js";
import { type ChannelWords, words } from "./words.js";

/** The sign beside the words for how far it is. */
const marks: Partial<Record<Linking["at"], SignName>> = {
	matched: "phone",
	connected: "check",
	ended: "alert",
};

/** So long it is said that a channel is not offered any more, before the page is left. */
const read = 5000;

/** The page of a channel that the conversation can go on over: its code, and how far that is. */
export function LinkPage({ channel, name, offered }: PageProps) {
	const { conversation, language, words: shell } = useChat();
	const [visit] = useState(() => new Visit(conversation, channel.integrationId ?? ""));
	const page = useStore(visit.store, (now) => now);
	const said = words[language];
	const leave = () => conversation.show({ name: "conversation" });

	useEffect(() => {
		visit.begin();
		return () => visit.end();
	}, [visit]);
	const gone = (!offered && page.at !== "connected") || (page.at === "ended" && page.why === "withdrawn");
	useEffect(() => (gone ? conversation.after(read, leave) : undefined), [gone]);

	const shown: Linking = gone ? { at: "ended", why: "withdrawn" } : page;
	return (
		<>
			<h2 id="channel" tabIndex={-1}>
				<Sign name={channelSign(channel.channel ?? "")} />
				{said.heading(name)}
			</h2>
			{(shown.at === "asking" || shown.at === "waiting") && (
				<Code page={shown} channel={channel} said={said} />
			)}
			<p class={`outcome is-${shown.at}`} role="status">
				{marks[shown.at] && <Sign name={marks[shown.at] ?? "clock"} />}
				<span>{statusOf(shown, channelName(channel.channel ?? "", ""), said, shell.menu)}</span>
			</p>
			{shown.at === "waiting" && shown.minutes !== undefined && (
				<p class="soft">{said.valid(shown.minutes)}</p>
			)}
			<Ways page={shown} visit={visit} said={said} leave={leave} />
		</>
	);
}

/** How far it is, in words. */
function statusOf(page: Linking, channel: string, said: ChannelWords, menu: MenuWords): string {
	switch (page.at) {
		case "asking":
			return said.asking;
		case "waiting":
			return said.waiting(channel);
		case "matched":
			return question(page.link, menu);
		case "connected":
			return said.linked(channel);
		case "ended":
			return said.ended(channel)[page.why];
	}
}

/** The code as a picture and as a link; on a phone the link alone. */
function Code({ page, channel, said }: { page: Linking; channel: PageProps["channel"]; said: ChannelWords }) {
	const { full } = useChat();
	const name = channelName(channel.channel ?? "", "");
	const link = page.at === "waiting" ? page.link : undefined;
	const open = said.open(name);
	return (
		<>
			<p>{full ? said.tap(name) : said.scan(name)}</p>
			{!full && (link?.qr ? <Qr code={link.qr} name={said.qr(open)} /> : <div class="qr" />)}
			{link?.url ? (
				<a
					class={`button ${full ? "primary" : ""}`}
					href={link.url}
					target="_blank"
					rel="noopener noreferrer"
				>
					<Sign name="open" />
					{open}
				</a>
			) : (
				<span class="button" aria-hidden="true">
					{open}
				</span>
			)}
			{link?.code && <ByHand code={link.code} name={name} business={channel.name ?? ""} said={said} />}
		</>
	);
}

/** The code as text: cameras fail, and not every app brings the code of a link along. */
function ByHand(props: { code: string; name: string; business: string; said: ChannelWords }) {
	const { code, name, business, said } = props;
	return (
		<details class="by-hand">
			<summary>{said.byHand(name)}</summary>
			<p>{said.byHandHow(business || name, name)}</p>
			<code>{code}</code>
		</details>
	);
}

/** What can be done now. */
function Ways({
	page,
	visit,
	said,
	leave,
}: {
	page: Linking;
	visit: Visit;
	said: ChannelWords;
	leave(): void;
}) {
	const { itIsMe, itIsNotMe, cancel } = useChat().words.menu;
	switch (page.at) {
		case "matched":
			return (
				<div class="ways">
					{page.link.asks && (
						<button type="button" class="button primary" onClick={() => void visit.confirm()}>
							{itIsMe}
						</button>
					)}
					<button type="button" class="button" onClick={() => void visit.cancel()}>
						{page.link.asks ? itIsNotMe : cancel}
					</button>
				</div>
			);
		case "connected":
			return (
				<div class="ways">
					<button type="button" class="button primary" onClick={leave}>
						{said.toChat}
					</button>
				</div>
			);
		case "ended":
			return (
				<div class="ways">
					{page.why !== "withdrawn" && (
						<button type="button" class="button primary" onClick={() => void visit.ask()}>
							{page.why === "unreachable" ? said.retry : said.again}
						</button>
					)}
					<button type="button" class="button" onClick={leave}>
						{said.toChat}
					</button>
				</div>
			);
	}
	return null;
}
