import { expect, test } from "vitest";
import { entries } from "./log.js";
import type { Message, Thread } from "./provider.js";
import { answered, newPhone, question, threadOf, unreadOf } from "./state.js";
import { isOn, rulesOf, timesOf } from "./switches.js";

const at = (minute: number) => `2026-05-04T10:0${minute}:00Z`;
const said = (id: string, from: Message["from"], minute: number, more: Partial<Message> = {}): Message => ({
	id,
	from,
	type: "text",
	text: id,
	at: at(minute),
	...more,
});
const thread = (integration: string, messages: Message[], unread = 0): Thread => ({
	integration,
	channel: "messenger",
	account: integration,
	unread,
	messages,
});

test("an app shows its newest thread, or the one that was chosen", () => {
	const state = {
		...newPhone("Ana"),
		threads: [thread("old", [said("a", "person", 1)], 2), thread("new", [said("b", "person", 2)], 1)],
		integrations: [{ id: "other", channel: "messenger" as const, account: "other", link: "" }],
	};
	expect(threadOf(state, "messenger")?.integration).toBe("new");
	expect(threadOf({ ...state, chosen: { messenger: "old" } }, "messenger")?.integration).toBe("old");
	expect(threadOf({ ...state, chosen: { messenger: "other" } }, "messenger")?.messages).toEqual([]);
	expect(threadOf(state, "whatsapp")).toBeUndefined();
	expect(unreadOf(state, "messenger")).toBe(3);
});

test("a question is open until a button of it was tapped, and no text answers it", () => {
	const buttons = [{ id: "y", title: "Yes", kind: "reply" as const }];
	const asks = said("q", "business", 1, { buttons });
	const text = said("Yes", "person", 2);
	const tap = said("Yes", "person", 2, { type: "reply" });
	expect(question(thread("t", [asks]))).toBe(asks);
	expect(answered(thread("t", [asks, text]), asks)).toBe(false);
	expect(answered(thread("t", [asks, tap]), asks)).toBe(true);
	expect(answered(thread("t", [tap, asks]), asks)).toBe(false);
	expect(question(thread("t", [asks, tap]))).toBeUndefined();
});

test("a switch is on while one of its rules is there, and counts what they did", () => {
	const accounts = [{ id: "1", channel: "whatsapp" as const, account: "", link: "" }];
	const rules = rulesOf("window", accounts).map((rule) => ({ ...rule, fired: 2 }));
	expect(rules).toMatchObject([{ kind: "error", integration: "1", code: 131047 }]);
	expect(isOn("window", rules)).toBe(true);
	expect(isOn("failure", rules)).toBe(false);
	expect(timesOf("window", rules)).toBe(2);
});

test("calls and webhooks are one list, the newest first", () => {
	const list = entries(
		[{ number: 1, at: at(1), method: "POST", path: "/v26.0/7/messages", status: 0 }],
		[
			{
				id: 1,
				integrations: ["7"],
				events: ["message"],
				state: "waiting",
				at: at(2),
				body: "{}",
				signature: "sha256=0",
				tries: 3,
				attempts: [{ at: at(2), status: 503, took_ms: 1 }],
			},
		],
		[{ id: "7", channel: "instagram", account: "", link: "" }],
	);
	expect(list.map((one) => [one.id, one.from, one.app, one.status, one.state])).toEqual([
		["d1", "provider", "instagram", 503, "waits"],
		["c1", "software", "instagram", 0, "done"],
	]);
});
