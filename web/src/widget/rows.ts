/** The lines of a conversation as rows of the log: by day, by sender, with what is on its way. */

import type { LineJson } from "../gen/weiche/widget/v1/widget_pb.js";
import { comparePlaces, type Pending, pendingOf, type State } from "./state.js";

/** Messages of one sender that follow each other sooner are a group. */
const together = 5 * 60_000;

/** Spoken is what a message needs to know of its neighbours. */
interface Spoken {
	/** It is the first, or the last, of its group. */
	first: boolean;
	last: boolean;
	/** It is the last that the visitor wrote: how far it came is said below it. */
	latest: boolean;
}

/** Row is one row of the log. */
export type Row =
	| { kind: "day"; key: string; at: Date }
	| ({ kind: "line"; key: string; line: LineJson; own: boolean } & Spoken)
	| ({ kind: "pending"; key: string; message: Pending } & Spoken)
	| { kind: "system"; key: string; line: LineJson }
	| { kind: "back"; key: string };

/** The rows of a state, from the first to the last. */
export function rows(state: State): Row[] {
	const all: Row[] = [];
	let day = "";
	const dayOf = (at: Date) => {
		if (at.toDateString() === day) return;
		day = at.toDateString();
		all.push({ kind: "day", key: `day ${day}`, at });
	};
	const { movedBack } = state;
	let shownBack = movedBack === undefined;
	const back = () => {
		if (!shownBack) all.push({ kind: "back", key: "back" });
		shownBack = true;
	};
	for (const line of state.lines) {
		if (comparePlaces(line.place, movedBack) > 0) back();
		dayOf(when(line));
		const key = `line ${line.place}`;
		if (line.author === "AUTHOR_SYSTEM") {
			if (line.about) all.push({ kind: "system", key, line });
			continue;
		}
		const own = line.author === "AUTHOR_CUSTOMER";
		all.push({ kind: "line", key, line, own, first: true, last: true, latest: false });
	}
	back();
	for (const message of pendingOf(state)) {
		dayOf(new Date(message.at));
		all.push({ kind: "pending", key: message.token, message, first: true, last: true, latest: false });
	}
	return grouped(all);
}

function grouped(all: Row[]): Row[] {
	let latest: Spoken | undefined;
	for (const [at, row] of all.entries()) {
		if (row.kind !== "line" && row.kind !== "pending") continue;
		const next = all[at + 1];
		if (next && (next.kind === "line" || next.kind === "pending") && belong(row, next)) {
			row.last = next.first = false;
		}
		if (row.kind === "pending" || row.own) latest = row;
	}
	if (latest) latest.latest = true;
	return all;
}

type SpokenRow = Extract<Row, Spoken>;

function belong(a: SpokenRow, b: SpokenRow): boolean {
	return speaker(a) === speaker(b) && time(b) - time(a) < together;
}

function speaker(row: SpokenRow): string {
	if (row.kind === "pending") return "own widget";
	return `${row.own ? "own" : `agent ${row.line.agentName ?? ""}`} ${row.line.channel ?? ""}`;
}

function time(row: SpokenRow): number {
	return row.kind === "pending" ? row.message.at : when(row.line).getTime();
}

/** When a line was written. */
export function when(line: LineJson): Date {
	return new Date(line.at ?? 0);
}
