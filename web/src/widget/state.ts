/** What a chat knows, and how it changes: plain values and functions that make new ones. */

import type { ChangeJson } from "../gen/weiche/stream/v1/stream_pb.js";
import type {
	GetTimelineResponseJson,
	LineJson,
	LinkJson,
	WidgetJson,
} from "../gen/weiche/widget/v1/widget_pb.js";
import { wordsOf } from "./content.js";
import type { Unsent } from "./kept.js";

/** View is what the panel shows. */
export type View = { name: "conversation" } | { name: "channel"; integrationId: string };

/** Pending is a message of the visitor's that is no line yet. */
export interface Pending extends Unsent {
	/** It is on its way or waits for a connection, or was refused. */
	state: "sending" | "failed";
	/** The id of its message, once it is known or guessed by its line. */
	messageId?: string;
	/** The server said that it has it. */
	answered?: boolean;
	/** It was refused as its files are not there any more: they count for who has uploaded them, and for a day. */
	lost?: boolean;
}

/** State is all that a chat knows. */
export interface State {
	/** How far it is: the conversation is there once it is ready. */
	phase: "idle" | "loading" | "ready" | "failed";
	/** The panel is open. */
	open: boolean;
	view: View;
	widget: WidgetJson | undefined;
	/** The conversation; empty before it has begun. */
	conversationId: string;
	/** Lines in their order, without gaps. */
	lines: readonly LineJson[];
	/** There are lines before these. */
	more: boolean;
	/** Lines before these are being read. */
	older: boolean;
	/** The channel that replies go to; empty before the conversation has begun. */
	repliesTo: string;
	/** Links that were told of since the page is there, the last one last. */
	links: readonly LinkJson[];
	/** Messages that are no lines yet, the first first. */
	pending: readonly Pending[];
	/** The name of the agent who types; undefined where nobody does. */
	typing: string | undefined;
	/** The connection has been away for a while. */
	away: boolean;
	/** The place of the last line that was on screen. */
	seen: string;
	/** After this place replies came back to the widget, as the visitor wrote there. */
	movedBack: string | undefined;
}

/** Where everything begins. */
export const blank: State = {
	phase: "idle",
	open: false,
	view: { name: "conversation" },
	widget: undefined,
	conversationId: "",
	lines: [],
	more: false,
	older: false,
	repliesTo: "",
	links: [],
	pending: [],
	typing: undefined,
	away: false,
	seen: "0",
	movedBack: undefined,
};

/** The channel of the widget itself. */
export const widgetChannel = "widget";

/** Orders places, which are whole numbers too large for number. */
export function comparePlaces(a = "0", b = "0"): number {
	return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** The place of a line that is there. */
export function placeOf(line: LineJson | undefined): string {
	return line?.place ?? "0";
}

/** Puts lines in the places of those that are there, or between them. */
export function merge(lines: readonly LineJson[], more: readonly LineJson[]): readonly LineJson[] {
	if (more.length === 0) return lines;
	const all = new Map(lines.map((line) => [placeOf(line), line]));
	for (const line of more) all.set(placeOf(line), line);
	return [...all.values()].sort((a, b) => comparePlaces(a.place, b.place));
}

/** The state with the last page of the conversation, which takes the place of what was there. */
export function loaded(state: State, page: GetTimelineResponseJson): State {
	const next: State = {
		...state,
		phase: "ready",
		widget: page.widget ?? state.widget,
		conversationId: page.conversationId ?? "",
		lines: page.lines ?? [],
		more: page.more ?? false,
		repliesTo: page.repliesTo ?? "",
		links: page.links ?? [],
	};
	return settle(next);
}

/** The state with a page of what came before. */
export function withOlder(state: State, page: GetTimelineResponseJson): State {
	return { ...state, older: false, more: page.more ?? false, lines: merge(state.lines, page.lines ?? []) };
}

/** The state after something happened. */
export function apply(state: State, change: ChangeJson): State {
	const more = change.ownLines ?? [];
	const known = new Set(state.lines.map((line) => line.messageId));
	const fresh = more.filter((line) => !known.has(line.messageId));
	const repliesTo = change.repliesTo || state.repliesTo;
	const lines = merge(state.lines, more);
	const wroteHere = fresh.some((line) => line.author === "AUTHOR_CUSTOMER" && line.channel === widgetChannel);
	const back = wroteHere && repliesTo === widgetChannel && isSocial(state.repliesTo);
	const next: State = {
		...state,
		conversationId: change.conversationId || state.conversationId,
		widget: change.widget ?? state.widget,
		lines,
		repliesTo,
		links: change.link ? withLink(state.links, change.link) : state.links,
		typing: more.some((line) => line.author === "AUTHOR_AGENT") ? undefined : state.typing,
		movedBack: back ? placeOf(lines[lines.length - 1]) : isSocial(repliesTo) ? undefined : state.movedBack,
	};
	return settle(next, fresh);
}

/** The state with a message that the visitor has just written. */
export function wrote(state: State, message: Unsent): State {
	return { ...state, pending: [...state.pending, { ...message, state: "sending" }] };
}

/** The state after the server said that it has a message. */
export function sent(state: State, token: string, messageId: string): State {
	return settle({ ...state, pending: change(state.pending, token, { messageId, answered: true }) });
}

/** The state with a message that was refused, or is tried again. */
export function marked(state: State, token: string, as: Pending["state"], lost = false): State {
	return { ...state, pending: change(state.pending, token, { state: as, messageId: undefined, lost }) };
}

/** The state without a message that was never sent. */
export function dropped(state: State, token: string): State {
	return { ...state, pending: state.pending.filter((message) => message.token !== token) };
}

/** How many messages of agents the visitor has not seen. */
export function unread(state: State): number {
	let count = 0;
	for (let at = state.lines.length - 1; at >= 0; at--) {
		const line = state.lines[at];
		if (!line || line.author === "AUTHOR_CUSTOMER" || comparePlaces(line.place, state.seen) <= 0) break;
		if (line.author === "AUTHOR_AGENT" && line.state !== "read" && line.state !== "failed") count++;
	}
	return count;
}

/** The last link of which the visitor has to say something: that it was they, or no; there where it is confirmed only. */
export function broughtLink(state: State): LinkJson | undefined {
	const brought = state.links.filter((link) => link.state === "LINK_STATE_MATCHED");
	return brought.findLast((link) => link.asks) ?? brought.at(-1);
}

/** Whether a channel is one of others. */
export function isSocial(channel: string | undefined): boolean {
	return !!channel && channel !== widgetChannel;
}

function withLink(links: readonly LinkJson[], link: LinkJson): readonly LinkJson[] {
	return [...links.filter((other) => other.linkId !== link.linkId), link];
}

function change(pending: readonly Pending[], token: string, to: Partial<Pending>): readonly Pending[] {
	return pending.map((message) => (message.token === token ? { ...message, ...to } : message));
}

/**
 * Finds lines of pending messages. A line may come before the answer that names its
 * message: then it is that of the oldest one with the same words, and is not shown twice.
 */
function settle(state: State, fresh: readonly LineJson[] = []): State {
	if (state.pending.length === 0) return state;
	const there = new Set(state.lines.map((line) => line.messageId));
	const free = fresh.filter((line) => !state.pending.some((message) => message.messageId === line.messageId));
	const pending = state.pending.map((message) => {
		if (message.messageId || message.state === "failed") return message;
		const at = free.findIndex(
			(line) => line.author === "AUTHOR_CUSTOMER" && wordsOf(line.content) === said(message),
		);
		return at < 0 ? message : { ...message, messageId: free.splice(at, 1)[0]?.messageId };
	});
	return {
		...state,
		pending: pending.filter((message) => !message.answered || !there.has(message.messageId)),
	};
}

function said(message: Pending): string {
	return message.pressed?.title ?? message.text;
}

/** The messages that are no lines yet, the first first. */
export function pendingOf(state: State): readonly Pending[] {
	if (state.pending.length === 0) return state.pending;
	const there = new Set(state.lines.map((line) => line.messageId));
	return state.pending.filter((message) => !message.messageId || !there.has(message.messageId));
}
