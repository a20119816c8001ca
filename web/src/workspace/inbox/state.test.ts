import { expect, test } from "vitest";
import {
	asked,
	fits,
	held,
	type InboxState,
	nothing,
	opened,
	paged,
	pagesOf,
	type Row,
	rowOf,
	settled,
	told,
	turned,
} from "./state.js";

const all = { view: "all", channel: "", label: "" } as const;
const mine = { view: "mine", channel: "", label: "" } as const;

function row(id: string, active: number, more: Partial<Row> = {}): Row {
	return {
		conversationId: id,
		active: String(active),
		changed: String(active),
		status: "CONVERSATION_STATUS_OPEN",
		...more,
	};
}

/** An inbox that has read all of these. */
function read(...rows: Row[]): InboxState {
	return paged(nothing(all, "kim"), all, { conversations: rows });
}

test("the most recently active conversation is first", () => {
	const state = told(read(row("b", 20), row("a", 10)), [row("a", 30)]);
	expect(state.shown).toEqual(["a", "b"]);
});

test("what is told twice, or late, changes nothing", () => {
	const state = read(row("b", 20), row("a", 10));
	expect(told(state, [row("a", 10)])).toBe(state);
	expect(told(state, [row("b", 5)])).toBe(state);
	expect(told(state, [row("b", 5, { customerName: "Ana" })])).toBe(state);
});

test("what a customer is called is taken, though the conversation has not changed", () => {
	const named = told(read(row("a", 10)), [row("a", 10, { customerName: "Ana" })]);
	expect(rowOf(named, "a")?.customerName).toBe("Ana");
});

test("the row under the pointer stays where it is, whatever moves around it", () => {
	let state = held(read(row("d", 40), row("c", 30), row("b", 20), row("a", 10)), ["c"]);
	state = told(state, [row("a", 50)]);
	expect(state.shown).toEqual(["a", "c", "d", "b"]);
	state = told(state, [row("c", 60)]);
	expect(state.shown).toEqual(["a", "c", "d", "b"]);
	state = told(state, [row("new", 70)]);
	expect(state.shown).toEqual(["new", "c", "a", "d", "b"]);
	expect(held(state, []).shown).toEqual(["new", "c", "a", "d", "b"]);
});

test("a held row goes to its place when it is let go", () => {
	let state = held(read(row("c", 30), row("b", 20), row("a", 10)), ["a"]);
	state = told(state, [row("a", 40)]);
	expect(state.shown).toEqual(["c", "b", "a"]);
	expect(held(state, []).shown).toEqual(["a", "c", "b"]);
});

test("when the pointer goes from one row to the next, that one does not move either", () => {
	let state = held(read(row("d", 40), row("c", 30), row("b", 20), row("a", 10)), ["a"]);
	state = told(state, [row("a", 50)]);
	state = held(state, ["b"]);
	expect(state.shown.indexOf("b")).toBe(2);
	expect(state.shown).toEqual(["a", "d", "b", "c"]);
});

test("a row that does not belong to the list any more stays as long as it is held", () => {
	const closed = row("b", 25, { status: "CONVERSATION_STATUS_CLOSED" });
	let state = held(read(row("c", 30), row("b", 20), row("a", 10)), ["b"]);
	state = told(state, [closed]);
	expect(state.shown).toEqual(["c", "b", "a"]);
	expect(held(state, []).shown).toEqual(["c", "a"]);
});

test("the open conversation stays where it is when it leaves the list, until another is open", () => {
	let state = opened(read(row("c", 30), row("b", 20), row("a", 10)), "b");
	state = told(state, [row("b", 25, { status: "CONVERSATION_STATUS_CLOSED" })]);
	expect(state.shown).toEqual(["c", "b", "a"]);
	expect(opened(state, "a").shown).toEqual(["c", "a"]);
});

test("the open conversation goes up when the customer writes", () => {
	const state = opened(read(row("b", 20), row("a", 10)), "a");
	expect(told(state, [row("a", 30)]).shown).toEqual(["a", "b"]);
});

test("rows below what was read come with their page and not before", () => {
	let state = paged(nothing(all, "kim"), all, {
		conversations: [row("c", 30), row("b", 20)],
		nextPageToken: "2",
	});
	state = told(state, [row("a", 10)]);
	expect(state.shown).toEqual(["c", "b"]);
	state = paged(state, all, { conversations: [row("a", 10)] });
	expect(state.shown).toEqual(["c", "b", "a"]);
	expect(pagesOf(state)?.next).toBe("");
});

test("a row that moved while its page was on the way is there once, as it is now", () => {
	let state = paged(nothing(all, "kim"), all, { conversations: [row("c", 30)], nextPageToken: "2" });
	state = told(state, [row("a", 40, { unread: 2 })]);
	state = paged(state, all, { conversations: [row("b", 20), row("a", 10)] });
	expect(state.shown).toEqual(["a", "c", "b"]);
	expect(rowOf(state, "a")?.unread).toBe(2);
});

test("an empty page that is not the last hides nothing", () => {
	const empty = paged(nothing(all, "kim"), all, { nextPageToken: "2" });
	expect(paged(empty, all, { conversations: [row("a", 10)] }).shown).toEqual(["a"]);
});

test("what was asked for shows at once, and goes when it is refused", () => {
	const close = { status: "CONVERSATION_STATUS_CLOSED" } as const;
	let state = asked(read(row("b", 20), row("a", 10)), "b", close);
	expect(state.shown).toEqual(["a"]);
	state = settled(state, "b", close);
	expect(state.shown).toEqual(["b", "a"]);
});

test("of two things that were asked for the later one shows", () => {
	const take = { assigneeId: "kim" };
	const give = { assigneeId: "ben" };
	let state = asked(asked(read(row("a", 10)), "a", take), "a", give);
	state = settled(state, "a", take);
	expect(rowOf(state, "a")?.assigneeId).toBe("ben");
});

test("a list that was read is right when somebody comes back to it", () => {
	let state = read(row("b", 20, { assigneeId: "kim" }), row("a", 10));
	state = paged(turned(state, mine), mine, { conversations: [row("b", 20, { assigneeId: "kim" })] });
	expect(state.shown).toEqual(["b"]);
	state = told(state, [row("a", 30, { assigneeId: "kim" })]);
	expect(state.shown).toEqual(["a", "b"]);
	expect(turned(state, all).shown).toEqual(["a", "b"]);
});

test("a list that was not read shows nothing, whatever the page knows", () => {
	expect(turned(read(row("a", 10, { assigneeId: "kim" })), mine).shown).toEqual([]);
});

test("views and filters take what they say", () => {
	const open = row("a", 1, { channels: ["instagram", "whatsapp"], labels: ["billing"] });
	expect(fits(open, all, "kim")).toBe(true);
	expect(fits(open, { ...all, view: "unassigned" }, "kim")).toBe(true);
	expect(fits(open, mine, "kim")).toBe(false);
	expect(fits({ ...open, assigneeId: "kim" }, mine, "kim")).toBe(true);
	expect(fits({ ...open, assigneeId: "kim" }, { ...all, view: "unassigned" }, "kim")).toBe(false);
	expect(fits(open, { ...all, view: "closed" }, "kim")).toBe(false);
	expect(fits({ ...open, status: "CONVERSATION_STATUS_CLOSED" }, { ...all, view: "closed" }, "kim")).toBe(
		true,
	);
	expect(fits(open, { ...all, channel: "whatsapp", label: "billing" }, "kim")).toBe(true);
	expect(fits(open, { ...all, channel: "messenger" }, "kim")).toBe(false);
	expect(fits(open, { ...all, label: "vip" }, "kim")).toBe(false);
});
