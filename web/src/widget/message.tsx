import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { PartJson } from "../gen/weiche/event/v1/content_pb.js";
import type { LineJson, MediaFileJson } from "../gen/weiche/widget/v1/widget_pb.js";
import { initials } from "../look/avatar.js";
import { channelSign, Sign } from "../look/sign.js";
import { Text } from "../look/text.js";
import { channelName, clock } from "../look/words.js";
import { QuickReplies } from "./channels/quick.js";
import { useChat, useChatState } from "./chat.js";
import { wordsOfPart } from "./content.js";
import { nameOf } from "./header.js";
import { MediaView } from "./media.js";
import { type Row, when } from "./rows.js";
import { isSocial, type Pending, widgetChannel } from "./state.js";

/** A message that is a line of the conversation. */
export function LineView({ row }: { row: Extract<Row, { kind: "line" }> }) {
	const { words } = useChat();
	const site = useChatState((state) => nameOf(state.widget));
	const { line, own, first, last, latest } = row;
	const name = own ? words.you : line.agentName || site || words.agent;
	const via = isSocial(line.channel) && words.via(channelName(line.channel ?? "", words.web));
	return (
		<li class={`said ${own ? "own" : "theirs"} ${last ? "last" : ""}`}>
			{first &&
				(own ? (
					<span class="hidden">{name}</span>
				) : (
					<p class="name">
						<bdi>{name}</bdi>
					</p>
				))}
			{!own && last && <Initials name={name} />}
			<Bubble line={line} />
			{line.intendedChannel && line.channel === widgetChannel && isSocial(line.intendedChannel) && (
				<p class="meta">{words.intended(channelName(line.intendedChannel, words.web))}</p>
			)}
			{!own && <QuickReplies line={line} />}
			{last || latest ? (
				<p class="meta">
					{via && (
						<span class="via">
							<Sign name={channelSign(line.channel ?? "")} />
							{via}
						</span>
					)}
					<Clock at={when(line)} />
					{latest && <span class="how">{line.state === "read" ? words.seen : words.delivered}</span>}
				</p>
			) : (
				via && <span class="hidden">{via}</span>
			)}
		</li>
	);
}

/** The time of day, which is one piece whatever goes before and after it. */
function Clock({ at }: { at: Date }) {
	const { language } = useChat();
	return (
		<time dateTime={at.toISOString()}>
			<bdi>{clock(language, at)}</bdi>
		</time>
	);
}

/** A message that is on its way, or was refused. */
export function PendingView({
	message,
	first,
	latest,
}: {
	message: Pending;
	first: boolean;
	latest: boolean;
}) {
	const { words } = useChat();
	const failed = message.state === "failed";
	return (
		<li class={`said own last ${failed ? "failed" : "sending"}`}>
			{first && <span class="hidden">{words.you}</span>}
			<div class="bubble">
				{(message.pressed?.title ?? message.text) && <Text text={message.pressed?.title ?? message.text} />}
				{message.attachments?.map((file) => (
					<p key={file.blobId} class="file">
						<Sign name="file" />
						<bdi>{file.name}</bdi>
					</p>
				))}
			</div>
			{failed ? (
				<Refused message={message} />
			) : (
				latest && (
					<p class="meta">
						<Clock at={new Date(message.at)} />
						<OnItsWay answered={!!message.answered} />
					</p>
				)
			)}
		</li>
	);
}

/** What can be done with a message that was refused. */
function Refused({ message }: { message: Pending }) {
	const { words, conversation, attachments } = useChat();
	const edit = (event: MouseEvent) => {
		const chat = (event.currentTarget as Element).getRootNode() as ShadowRoot;
		conversation.takeBack(message);
		attachments.takeBack(message);
		chat.querySelector("textarea")?.focus();
	};
	return (
		<div class="meta bad">
			<span>
				<Sign name="alert" /> {message.lost ? `${words.notSent} ${words.filesLost}` : words.notSent}
			</span>
			<span class="deeds">
				{message.lost ? (
					<button type="button" class="quiet" onClick={edit}>
						{words.edit}
					</button>
				) : (
					<button type="button" class="quiet" onClick={() => conversation.retry(message.token)}>
						{words.tryAgain}
					</button>
				)}
				<button type="button" class="quiet" onClick={() => conversation.discard(message.token)}>
					{words.discard}
				</button>
			</span>
		</div>
	);
}

/** How long the line of a message may take, in milliseconds, until it is said that it was sent. */
const lineTakes = 300;

/**
 * How far a message came that is no line yet. Its line comes at once as a rule, so that
 * the word between is for those whose line does not: nobody reads three in a moment.
 */
function OnItsWay({ answered }: { answered: boolean }) {
	const { words, conversation } = useChat();
	const [late, setLate] = useState(false);
	useEffect(() => (answered ? conversation.after(lineTakes, () => setLate(true)) : undefined), [answered]);
	return <span class="how">{late ? words.sent : words.sending}</span>;
}

function Bubble({ line }: { line: LineJson }) {
	const { words } = useChat();
	if (line.erased) return <p class="bubble gone">{words.deleted}</p>;
	const parts = line.content?.parts ?? [];
	return (
		<div class="bubble">
			{parts.map((part, at) => (
				<PartView
					key={at}
					part={part}
					line={line}
					file={line.media?.find((file) => (file.part ?? 0) === at)}
				/>
			))}
			{line.edited && <span class="edited">({words.edited})</span>}
			{line.reactions?.length ? (
				<span
					class="reactions"
					role="img"
					aria-label={`${words.reactions}: ${line.reactions.map((r) => r.emoji).join(" ")}`}
				>
					{line.reactions.map((reaction) => reaction.emoji).join(" ")}
				</span>
			) : null}
		</div>
	);
}

/** A part of a message: its words, its file, or a word for what it is. */
function PartView({ part, line, file }: { part: PartJson; line: LineJson; file: MediaFileJson | undefined }) {
	const { words } = useChat();
	const said = wordsOfPart(part);
	if (part.media) {
		return (
			<>
				<MediaView line={line} media={part.media} file={file} />
				{said && <Text text={said} />}
			</>
		);
	}
	if (part.location) {
		const { name, address, latitude, longitude } = part.location;
		return <Named what={words.location}>{name || address || `${latitude ?? 0}, ${longitude ?? 0}`}</Named>;
	}
	if (part.contacts) {
		return <Named what={words.contact}>{part.contacts.cards?.map((card) => card.name).join(", ")}</Named>;
	}
	if (part.order) return <Named what={words.order(part.order.items?.length ?? 0)}>{said}</Named>;
	if (part.share) return <Named what={words.share}>{said}</Named>;
	return said ? <Text text={said} /> : <em class="gone">{words.unsupported}</em>;
}

function Named({ what, children }: { what: string; children: ComponentChildren }) {
	return (
		<p class="named">
			<strong>{what}</strong> <span dir="auto">{children}</span>
		</p>
	);
}

function Initials({ name }: { name: string }) {
	return (
		<span class="face" aria-hidden="true">
			{initials(name)}
		</span>
	);
}
