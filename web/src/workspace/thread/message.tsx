/** Messages that stand together, and each of them. */

import { useId, useState } from "preact/hooks";
import type { TimelineItemJson } from "../../gen/weiche/view/v1/timeline_pb.js";
import { channelGlyph, Glyph } from "../../look/glyph.js";
import { Menu } from "../../look/menu.js";
import { Text } from "../../look/text.js";
import { clock } from "../../look/words.js";
import { useWorkspace } from "../workspace.js";
import { capital, useAttempt, useConversation, useMayWrite, useOf, useSpeech } from "./around.js";
import { Content, plain, plainText } from "./content.js";
import { DeliveryMark, fallbackText, isTroubled, Trouble } from "./delivery.js";
import { answer } from "./draft.js";
import { emojis } from "./emojis.js";
import { LinePosition } from "./file.js";
import { Reactions } from "./reactions.js";
import { type Group, lineOf } from "./timeline.js";
import { Why } from "./why.js";

/** A group of messages under the name of who wrote them. */
export function MessageGroup({ group }: { group: Group }) {
	const { words, language, name, channel, agent } = useSpeech();
	const via = group.channel ? channel(group.channel) : "";
	const own = group.speaker === "agent" || group.speaker === "native";
	const who =
		group.speaker === "customer"
			? name
			: group.speaker === "native"
				? words.nativeApp(via)
				: capital(agent(group.agentId));
	const at = clock(language, group.at);
	return (
		// biome-ignore lint/a11y/useSemanticElements: it is no set of fields
		<div
			role="group"
			class={`group ${group.speaker}${own ? " own" : ""}`}
			aria-label={words.said(group.speaker === "note" ? words.noteBy(who) : who, at, via)}
		>
			<p class="group-head">
				{group.speaker === "note" && <Glyph name="lock" />}
				<bdi class="group-who">{group.speaker === "note" ? words.noteBy(who) : who}</bdi>
				{via && (
					<span class="channel">
						<Glyph name={channelGlyph(group.channel)} />
						{words.via(via)}
					</span>
				)}
				{group.speaker === "note" && <span class="channel">{words.onlyAgents}</span>}
				<time dateTime={group.at.toISOString()} title={group.at.toLocaleString(language)}>
					{at}
				</time>
			</p>
			{group.lines.map((line, n) => (
				<Message key={line.position} line={line} who={who} last={n === group.lines.length - 1} />
			))}
		</div>
	);
}

/** A message: what was said, how far it came, and what can be done with it. */
function Message({ line, who, last }: { line: TimelineItemJson; who: string; last: boolean }) {
	const speech = useSpeech();
	const { words, language } = speech;
	const [why, setWhy] = useState(false);
	const whyId = useId();
	const reply = line.agent;
	const fell = reply ? fallbackText(reply, speech) : "";
	const troubled = reply !== undefined && isTroubled(reply);
	const sentAt = line.customer?.late ? line.customer.sentAt : undefined;
	const kinds = [fell && "fell", troubled && "troubled", line.note && "noted"].filter(Boolean).join(" ");
	return (
		<article class={`message ${kinds}`} data-message={line.messageId}>
			<div class="bubble-row">
				<div class="bubble">
					{line.content?.replyTo?.messageId && <Quoted id={line.content.replyTo.messageId} />}
					<LinePosition.Provider value={line.position ?? ""}>
						{line.unsent ? (
							<p class="aside">{line.customer ? words.unsent : words.unsentByUs}</p>
						) : line.erased ? (
							<p class="aside">{words.erased}</p>
						) : (
							<Content content={line.content} files={line.media} from={who} />
						)}
					</LinePosition.Provider>
					{line.edits?.length ? <Edited line={line} /> : null}
				</div>
				<Actions line={line} whyId={whyId} why={why} onWhy={() => setWhy(!why)} />
			</div>
			{line.reactions?.length ? <Reactions line={line} /> : null}
			{fell && (
				<p class="fell-note">
					<Glyph name="route" />
					{fell}
				</p>
			)}
			{(reply || sentAt) && (
				<p class="message-foot">
					{sentAt && (
						<span title={words.lateLong(clock(language, new Date(sentAt)))}>
							<Glyph name="history" /> {words.late}
						</span>
					)}
					{reply?.automated && <span>{words.automated}</span>}
					{reply && <DeliveryMark reply={reply} spelled={last || troubled} />}
				</p>
			)}
			{troubled && <Trouble line={line} reply={reply} />}
			{reply && why && <Why reply={reply} id={whyId} />}
		</article>
	);
}

/** The message that another one answers. */
function Quoted({ id }: { id: string }) {
	const { words } = useSpeech();
	const lines = useOf((state) => state.timeline?.lines) ?? [];
	const quoted = lineOf(lines, id);
	return (
		<blockquote class="quoted">
			<span class="hidden">{words.answers} </span>
			<bdi>{quoted ? plainText(quoted, words) : words.gone}</bdi>
		</blockquote>
	);
}

/** That a message was edited, with its earlier wordings. */
function Edited({ line }: { line: TimelineItemJson }) {
	const { words } = useSpeech();
	const before = [line.original, ...(line.edits ?? []).slice(0, -1).map((edit) => edit.content)];
	return (
		<details class="edited">
			<summary>{words.edited}</summary>
			{before.map((content, at) => (
				<p key={at}>
					{words.before} {content ? <Text text={plain(content, words)} /> : words.erased}
				</p>
			))}
		</details>
	);
}

function Actions({
	line,
	whyId,
	why,
	onWhy,
}: {
	line: TimelineItemJson;
	whyId: string;
	why: boolean;
	onWhy: () => void;
}) {
	const { words, language } = useSpeech();
	const { toasts } = useWorkspace();
	const conversation = useConversation();
	const attempt = useAttempt();
	const may = useMayWrite();
	const channels = useOf((state) => state.channels);
	const said = !line.unsent && !line.erased;
	const takes = channels.find((one) => one.integrationId === line.customer?.integrationId)?.limits?.reactions;
	const text = said ? plain(line.content, words) : "";
	const copy = () =>
		navigator.clipboard?.writeText(text).then(
			() => toasts.show({ text: words.copied }),
			() => {},
		);
	return (
		<div class="actions">
			{may && said && line.customer && takes && (
				<Menu
					label={words.react}
					class="button plain icon small"
					items={emojis.map(({ emoji, name }) => ({
						text: name[language],
						drawn: (
							<>
								<span aria-hidden="true">{emoji}</span> {name[language]}
							</>
						),
						choose: () => attempt(() => conversation.act("React", { messageId: line.messageId, emoji })),
					}))}
				>
					<Glyph name="smile" />
				</Menu>
			)}
			{may && said && line.messageId && !line.note && (
				<button
					type="button"
					class="button plain icon small"
					aria-label={words.quote}
					title={words.quote}
					onClick={() => {
						conversation.drafts.update((drafts) => answer(drafts, line.messageId ?? ""));
						document.getElementById("composer-text")?.focus();
					}}
				>
					<Glyph name="quote" />
				</button>
			)}
			{said && text && (
				<button
					type="button"
					class="button plain icon small"
					aria-label={words.copy}
					title={words.copy}
					onClick={copy}
				>
					<Glyph name="copy" />
				</button>
			)}
			{line.agent?.route && (
				<button
					type="button"
					class="button plain icon small"
					aria-label={words.why}
					title={words.why}
					aria-expanded={why}
					aria-controls={why ? whyId : undefined}
					onClick={onWhy}
				>
					<Glyph name="route" />
				</button>
			)}
		</div>
	);
}
