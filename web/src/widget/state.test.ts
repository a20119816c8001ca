import { expect, test } from "vitest";
import type { LineJson, LinkJson } from "../gen/weiche/widget/v1/widget_pb.js";
import { rows } from "./rows.js";
import {
	apply,
	blank,
	broughtLink,
	comparePlaces,
	loaded,
	marked,
	merge,
	pendingOf,
	type State,
	sent,
	unread,
	withOlder,
	wrote,
} from "./state.js";

const at = "2026-11-20T10:00:00Z";

function own(place: string, text: string, more: LineJson = {}): LineJson {
	return {
		place,
		messageId: `m${place}`,
		author: "AUTHOR_CUSTOMER",
		channel: "widget",
		at,
		content: { parts: [{ text: { body: text } }] },
		...more,
	};
}

function theirs(place: string, text: string, more: LineJson = {}): LineJson {
	return { ...own(place, text), author: "AUTHOR_AGENT", agentName: "Kim", state: "delivered", ...more };
}

function with_(lines: LineJson[], more: Partial<State> = {}): State {
	return { ...loaded(blank, { conversationId: "c", lines, repliesTo: "widget" }), ...more };
}

test("places are ordered as numbers, also beyond what a number holds", () => {
	const places = ["9", "10", "18446744073709551615", "18446744073709551614"];
	expect([...places].sort(comparePlaces)).toEqual([
		"9",
		"10",
		"18446744073709551614",
		"18446744073709551615",
	]);
});

test("a line takes the place of the one that is there, or stands between others", () => {
	const lines = merge([own("2", "b"), own("10", "d")], [own("9", "c"), own("2", "B")]);
	expect(lines.map((line) => line.content?.parts?.[0]?.text?.body)).toEqual(["B", "c", "d"]);
});

test("a message is shown once, whether its line or its answer comes first", () => {
	const message = { token: "t", text: "hello", at: Date.parse(at) };
	const line = { ownLines: [own("5", "hello")] };
	const lineFirst = apply(wrote(with_([]), message), line);
	expect(pendingOf(lineFirst)).toEqual([]);
	expect(sent(lineFirst, "t", "m5").pending).toEqual([]);
	const answerFirst = sent(wrote(with_([]), message), "t", "m5");
	expect(pendingOf(answerFirst)).toHaveLength(1);
	expect(apply(answerFirst, line).pending).toEqual([]);
});

test("of two messages with the same words each line answers one", () => {
	let state = wrote(with_([]), { token: "a", text: "hi", at: 1 });
	state = wrote(state, { token: "b", text: "hi", at: 2 });
	state = apply(state, { ownLines: [own("1", "hi")] });
	expect(pendingOf(state).map((message) => message.token)).toEqual(["b"]);
	state = apply(state, { ownLines: [own("1", "hi", { state: "read" })] });
	expect(pendingOf(state).map((message) => message.token)).toEqual(["b"]);
	state = apply(state, { ownLines: [own("2", "hi")] });
	expect(pendingOf(state)).toEqual([]);
});

test("a message that was refused is shown, though a line had its words", () => {
	let state = wrote(with_([]), { token: "a", text: "hi", at: 1 });
	state = apply(state, { ownLines: [own("1", "hi")] });
	state = marked(state, "a", "failed");
	expect(pendingOf(state).map((message) => message.state)).toEqual(["failed"]);
});

test("older lines come before those that are there", () => {
	const state = withOlder(with_([own("9", "c")], { older: true }), { lines: [own("2", "a")], more: true });
	expect(state.lines.map((line) => line.place)).toEqual(["2", "9"]);
	expect([state.more, state.older]).toEqual([true, false]);
});

test("what agents said since the visitor last looked or spoke is unread", () => {
	const lines = [theirs("1", "a"), own("2", "b"), theirs("3", "c"), theirs("4", "d")];
	expect(unread(with_(lines))).toBe(2);
	expect(unread(with_(lines, { seen: "3" }))).toBe(1);
	expect(unread(with_([...lines, own("5", "e")]))).toBe(0);
	expect(unread(with_([own("2", "b"), theirs("3", "c", { state: "read" })]))).toBe(0);
});

test("writing in the widget brings replies back and says so once", () => {
	const away = with_([own("1", "a")], { repliesTo: "whatsapp" });
	const back = apply(away, { ownLines: [own("2", "b")], repliesTo: "widget" });
	expect(back.movedBack).toBe("2");
	expect(apply(back, { ownLines: [own("3", "c")], repliesTo: "widget" }).movedBack).toBe("2");
	expect(rows(back).map((row) => row.kind)).toEqual(["day", "line", "line", "back"]);
	// Replies that come back by a disconnect are told of by its own line.
	const cut = apply(away, {
		ownLines: [{ place: "2", author: "AUTHOR_SYSTEM", about: "disconnected", channel: "whatsapp", at }],
		repliesTo: "widget",
	});
	expect(cut.movedBack).toBeUndefined();
});

test("rows are grouped by day, sender and channel", () => {
	const late = "2026-11-20T10:09:00Z";
	const next = "2026-11-21T12:00:00Z";
	const all = rows(
		with_([
			own("1", "a"),
			own("2", "b"),
			own("3", "c", { channel: "whatsapp" }),
			theirs("4", "d"),
			theirs("5", "e", { agentName: "Ben" }),
			theirs("6", "f", { agentName: "Ben", at: late }),
			theirs("7", "g", { agentName: "Ben", at: next }),
		]),
	);
	const drawn = all.map((row) =>
		row.kind === "line"
			? `${row.line.place}${row.first ? " first" : ""}${row.last ? " last" : ""}`
			: row.kind,
	);
	expect(drawn).toEqual([
		"day",
		"1 first",
		"2 last",
		"3 first last",
		"4 first last",
		"5 first last",
		"6 first last",
		"day",
		"7 first last",
	]);
	expect(all.filter((row) => row.kind === "line" && row.latest).map((row) => row.key)).toEqual(["line 3"]);
});

test("of links that were brought the last one that asks comes first, and ended ones do not count", () => {
	const link = (linkId: string, state: LinkJson["state"], asks?: boolean): LinkJson => ({
		linkId,
		state,
		asks,
	});
	const links = [
		link("a", "LINK_STATE_MATCHED", true),
		link("b", "LINK_STATE_MATCHED"),
		link("c", "LINK_STATE_CONNECTED"),
	];
	expect(broughtLink(with_([], { links }))?.linkId).toBe("a");
	const answered = apply(with_([], { links }), { link: link("a", "LINK_STATE_MATCHED") });
	expect(broughtLink(answered)?.linkId).toBe("a");
	expect(broughtLink(answered)?.asks).toBeUndefined();
	const cancelled = apply(answered, { link: link("a", "LINK_STATE_CANCELLED") });
	expect(broughtLink(cancelled)?.linkId).toBe("b");
	expect(broughtLink(with_([]))).toBeUndefined();
});
