/** The rows of the inbox as the page knows them, as a value that is replaced. */

import type { ConversationSummaryJson } from "../../gen/weiche/view/v1/inbox_pb.js";
import type { ListConversationsResponseJson } from "../../gen/weiche/workspace/v1/workspace_pb.js";
import type { Place } from "../place.js";

/** Row is a conversation as the inbox shows it. */
export type Row = ConversationSummaryJson;

/** Patch is what somebody asked for and the server has not told yet. */
export type Patch = Partial<Pick<Row, "status" | "assigneeId" | "labels">>;

/** Narrowing says which conversations a list has. */
export type Narrowing = Pick<Place, "view" | "channel" | "label">;

/** Pages says how far a list has been read. */
export interface Pages {
	status: "reading" | "read" | "failed";
	/** The place of the last row that was read; below it there are rows that the page does not know. */
	floor: number;
	/** For the next page; empty where there is none. */
	next: string;
}

/** InboxState is all rows that the page knows, and one list of them. */
export interface InboxState {
	/** Who looks. */
	me: string;
	/** The rows as the server told them last. */
	rows: ReadonlyMap<string, Row>;
	/** What was asked for, in order. */
	patches: ReadonlyMap<string, readonly Patch[]>;
	/** How far each list was read that was looked at. */
	pages: ReadonlyMap<string, Pages>;
	/** The list that is shown. */
	narrowing: Narrowing;
	/** Its conversations as they are drawn. */
	shown: readonly string[];
	/** Those that keep their place while the pointer or the focus is on them. */
	held: readonly string[];
	/** The conversation that is open; empty for none. It stays where it is when it leaves the list. */
	open: string;
}

/** A page that has read nothing yet. */
export function nothing(narrowing: Narrowing, me: string): InboxState {
	return {
		me,
		rows: new Map(),
		patches: new Map(),
		pages: new Map(),
		narrowing,
		shown: [],
		held: [],
		open: "",
	};
}

/** The name of a list. */
export function listOf({ view, channel, label }: Narrowing): string {
	return JSON.stringify([view, channel, label]);
}

/** How far the list that is shown was read. */
export function pagesOf(state: InboxState): Pages | undefined {
	return state.pages.get(listOf(state.narrowing));
}

/** A row with what was asked for. */
export function rowOf(state: InboxState, id: string): Row | undefined {
	const row = state.rows.get(id);
	const patches = state.patches.get(id);
	return row && patches ? Object.assign({}, row, ...patches) : row;
}

/** Whether a conversation belongs to a list. */
export function fits(row: Row, { view, channel, label }: Narrowing, me: string): boolean {
	const closed = row.status === "CONVERSATION_STATUS_CLOSED";
	if (closed !== (view === "closed")) return false;
	if (view === "mine" && row.assigneeId !== me) return false;
	if (view === "unassigned" && row.assigneeId) return false;
	if (channel && !row.channels?.includes(channel)) return false;
	return !label || (row.labels?.includes(label) ?? false);
}

/** After rows were told or read. Those that the page knows newer change nothing. */
export function told(state: InboxState, rows: readonly Row[]): InboxState {
	let known: Map<string, Row> | undefined;
	for (const row of rows) {
		if (!row.conversationId) continue;
		const before = (known ?? state.rows).get(row.conversationId);
		// What a customer is called changes without the conversation.
		const same = before?.changed === row.changed && before?.customerName !== row.customerName;
		if (before && !same && number(before.changed) >= number(row.changed)) continue;
		known ??= new Map(state.rows);
		known.set(row.conversationId, row);
	}
	return known ? arranged({ ...state, rows: known }) : state;
}

/** While a list is being read, or after that failed. */
export function reads(state: InboxState, narrowing: Narrowing, status: "reading" | "failed"): InboxState {
	const before = state.pages.get(listOf(narrowing)) ?? unread;
	return { ...state, pages: new Map(state.pages).set(listOf(narrowing), { ...before, status }) };
}

const unread = { floor: Number.POSITIVE_INFINITY, next: "" };

/** After a page of a list was read. */
export function paged(
	state: InboxState,
	narrowing: Narrowing,
	page: ListConversationsResponseJson,
): InboxState {
	const rows = page.conversations ?? [];
	const next = page.nextPageToken ?? "";
	const last = rows.at(-1);
	const before = (state.pages.get(listOf(narrowing)) ?? unread).floor;
	const floor = next ? (last ? number(last.active) : before) : 0;
	const pages = new Map(state.pages).set(listOf(narrowing), { status: "read", floor, next });
	return arranged({ ...told(state, rows), pages });
}

/** After somebody turned to another list. */
export function turned(state: InboxState, narrowing: Narrowing): InboxState {
	if (listOf(narrowing) === listOf(state.narrowing)) return state;
	return arranged({ ...state, narrowing, shown: [], held: [] });
}

/** After the pointer or the focus went to other rows: the rows there stay where they are. */
export function held(state: InboxState, ids: readonly string[]): InboxState {
	if (ids.join() === state.held.join()) return state;
	return arranged({ ...state, held: ids });
}

/** After somebody opened another conversation. */
export function opened(state: InboxState, id: string): InboxState {
	return id === state.open ? state : arranged({ ...state, open: id });
}

/** After somebody asked for something. */
export function asked(state: InboxState, id: string, patch: Patch): InboxState {
	const patches = new Map(state.patches).set(id, [...(state.patches.get(id) ?? []), patch]);
	return arranged({ ...state, patches });
}

/** After it was told, or refused. */
export function settled(state: InboxState, id: string, patch: Patch): InboxState {
	const rest = (state.patches.get(id) ?? []).filter((one) => one !== patch);
	const patches = new Map(state.patches);
	if (rest.length > 0) patches.set(id, rest);
	else patches.delete(id);
	return arranged({ ...state, patches });
}

/** Puts the rows of the list in order, the most recently active first, but for those that are held. */
function arranged(state: InboxState): InboxState {
	const floor = (pagesOf(state) ?? unread).floor;
	const places = new Map<string, number>();
	const open = rowOf(state, state.open);
	const leaving = open && !fits(open, state.narrowing, state.me) ? [state.open] : [];
	for (const id of new Set([...state.held, ...leaving])) {
		const at = state.shown.indexOf(id);
		if (at >= 0) places.set(id, at);
	}
	const found: { id: string; active: number }[] = [];
	for (const [id, plain] of state.rows) {
		const active = number(plain.active);
		if (active < floor || places.has(id)) continue;
		const row = state.patches.has(id) ? rowOf(state, id) : plain;
		if (row && fits(row, state.narrowing, state.me)) found.push({ id, active });
	}
	found.sort((one, other) => other.active - one.active);
	const shown = found.map(({ id }) => id);
	for (const [id, at] of [...places].sort(([, one], [, other]) => one - other)) shown.splice(at, 0, id);
	const same = shown.length === state.shown.length && shown.every((id, at) => id === state.shown[at]);
	return same ? state : { ...state, shown };
}

/** A place in the log as a number: it has no more than 53 bits. */
function number(place: string | undefined): number {
	return Number(place ?? 0);
}
