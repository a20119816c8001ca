/** The lines of a conversation as a page holds them: in log order, each at its place for ever. */

import type { ChangeJson } from "../../gen/weiche/stream/v1/stream_pb.js";
import type { RouteJson } from "../../gen/weiche/view/v1/route_pb.js";
import type { TimelineItemJson } from "../../gen/weiche/view/v1/timeline_pb.js";

/** What a page knows of a conversation. */
export interface Timeline {
	/** The lines by their positions. */
	lines: readonly TimelineItemJson[];
	/** There are older lines than the first. */
	older: boolean;
	route: RouteJson;
}

/** Compares numbers of 64 bits as JSON has them. */
export function compare(a = "0", b = "0"): number {
	return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** The timeline after a change: what is older than what is there already is passed over. */
export function apply(timeline: Timeline, change: ChangeJson): Timeline {
	const lines = change.lines?.length ? merge(timeline, change.lines) : timeline.lines;
	const route =
		change.route && compare(change.route.version, timeline.route.version) >= 0
			? change.route
			: timeline.route;
	if (lines === timeline.lines && route === timeline.route) return timeline;
	return { ...timeline, lines, route };
}

/** The timeline with a page of older lines before it. */
export function prepend(timeline: Timeline, page: readonly TimelineItemJson[], older: boolean): Timeline {
	return { ...timeline, lines: merge({ ...timeline, older: true }, page, true), older };
}

/**
 * Puts lines at their places, each in the stead of what stood there before. A line that
 * changed and lies before the first that the page has is left out: it is read with its page.
 */
function merge(
	{ lines, older }: Timeline,
	news: readonly TimelineItemJson[],
	page = false,
): readonly TimelineItemJson[] {
	const first = lines[0]?.position;
	const byPosition = new Map(lines.map((line) => [line.position, line]));
	let changed = false;
	for (const line of news) {
		const there = byPosition.get(line.position);
		if (there && compare(line.changed, there.changed) < 0) continue;
		if (!there && !page && older && first && compare(line.position, first) < 0) continue;
		byPosition.set(line.position, line);
		changed = true;
	}
	if (!changed) return lines;
	return [...byPosition.values()].sort((a, b) => compare(a.position, b.position));
}

/** Who says a line. */
export type Speaker = "customer" | "agent" | "native" | "note" | "system";

/** Who says a line. */
export function speakerOf(line: TimelineItemJson): Speaker {
	if (line.customer) return "customer";
	if (line.agent) return "agent";
	if (line.nativeApp) return "native";
	if (line.note) return "note";
	return "system";
}

/** The channel that a line is labelled with; empty for what went over none. */
export function channelOf(line: TimelineItemJson): string {
	return line.customer?.channel ?? line.agent?.channel ?? line.nativeApp?.channel ?? "";
}

/** The agent who wrote a line; empty where none did. */
export function agentOf(line: TimelineItemJson): string {
	return line.agent?.agentId ?? line.note?.agentId ?? "";
}

/** When a line was recorded. */
export function timeOf(line: TimelineItemJson): Date {
	return new Date(line.recordedAt ?? 0);
}

/** Lines that stand together: of one day, and of one speaker on one channel. */
export interface Group {
	/** Names it on the page. */
	key: string;
	speaker: Speaker;
	agentId: string;
	channel: string;
	/** It begins a day. */
	day?: Date;
	at: Date;
	lines: TimelineItemJson[];
}

/** Lines further apart than this do not stand together. */
const together = 10 * 60_000;

/** Whether a line says what another line beside it says already. */
function isSilent({ system }: TimelineItemJson): boolean {
	if (system?.kind === "SYSTEM_LINE_KIND_ROUTE_CHANGED") return system.routeRule === "ROUTE_RULE_STARTED";
	return system?.kind === "SYSTEM_LINE_KIND_LINK_CONFIRMED";
}

/** Divides lines into groups. */
export function groups(lines: readonly TimelineItemJson[]): Group[] {
	const all: Group[] = [];
	let last: Group | undefined;
	for (const line of lines) {
		if (isSilent(line)) continue;
		const at = timeOf(line);
		const next = {
			speaker: speakerOf(line),
			agentId: agentOf(line),
			channel: channelOf(line),
		};
		const sameDay = last && last.at.toDateString() === at.toDateString();
		const latest = last?.lines.at(-1);
		if (
			last &&
			latest &&
			sameDay &&
			last.speaker === next.speaker &&
			last.agentId === next.agentId &&
			last.channel === next.channel &&
			at.getTime() - timeOf(latest).getTime() < together
		) {
			last.lines.push(line);
			continue;
		}
		last = { ...next, key: line.position ?? "", at, lines: [line], ...(sameDay ? {} : { day: at }) };
		all.push(last);
	}
	return all;
}

/**
 * Gives each group the name that its lines had before, so that one which grows at its
 * beginning stays the same on the page. Names are kept by the positions of lines.
 */
export function named(all: readonly Group[], names: Map<string, string>): readonly Group[] {
	for (const group of all) {
		const positions = group.lines.map((line) => line.position ?? "");
		const known = positions.find((position) => names.has(position));
		group.key = (known && names.get(known)) || group.key;
		for (const position of positions) names.set(position, group.key);
	}
	return all;
}

/** The last message of the customer, where no agent has seen it. */
export function lastOfCustomer(lines: readonly TimelineItemJson[]): string {
	const last = lines.findLast((line) => line.customer && line.messageId);
	return last?.customer?.seen ? "" : (last?.messageId ?? "");
}

/** The line of a message. */
export function lineOf(lines: readonly TimelineItemJson[], messageId: string): TimelineItemJson | undefined {
	return messageId ? lines.find((line) => line.messageId === messageId) : undefined;
}
