import { expect, test } from "vitest";
import { CallError } from "../api/call.js";
import { Kept, type Unsent } from "./kept.js";
import { Outbox } from "./outbox.js";

/** A server that answers as told, and an outbox that sends there. */
function server(...answers: (CallError | undefined)[]) {
	return tab(new Kept("test"), answers);
}

/** The same, of one of the tabs of a device. */
function tab(kept: Kept, answers: (CallError | undefined)[]) {
	const tokens: string[] = [];
	const told: string[] = [];
	const waits: (() => void)[] = [];
	const outbox = new Outbox(kept, {
		send: async (request) => {
			tokens.push(request.clientToken ?? "");
			const answer = answers.shift();
			if (answer) throw answer;
			return { messageId: `m ${request.clientToken}` };
		},
		language: () => "en",
		sent: (token) => told.push(`sent ${token}`),
		failed: (token, why) => told.push(`failed ${token} ${why.code}`),
		gone: (token) => told.push(`gone ${token}`),
		after: (_, then) => {
			waits.push(then);
			return () => {};
		},
	});
	/** Lets promises go on. */
	const settle = () => new Promise((resolve) => setTimeout(resolve));
	return { tokens, told, waits, kept, outbox, settle };
}

const message = (token: string, at = 1): Unsent => ({ token, text: token, at });

test("messages go in order, and are kept until the server has them", async () => {
	const s = server();
	s.outbox.put(message("a"));
	s.outbox.put(message("b", 2));
	expect(s.kept.unsent.map((unsent) => unsent.token)).toEqual(["a", "b"]);
	await s.settle();
	expect(s.told).toEqual(["sent a", "sent b"]);
	expect(s.kept.unsent).toEqual([]);
});

test("where nothing answers the same message is sent again, before the next", async () => {
	const s = server(...Array.from({ length: 9 }, () => new CallError("offline", "", "")));
	s.outbox.put(message("a"));
	s.outbox.put(message("b", 2));
	for (let at = 0; at < 9; at++) {
		await s.settle();
		s.outbox.nudge();
	}
	await s.settle();
	expect(s.tokens).toEqual([...Array.from({ length: 10 }, () => "a"), "b"]);
	expect(s.told).toEqual(["sent a", "sent b"]);
});

test("what is refused is told at once and goes again by hand only", async () => {
	const s = server(new CallError("invalid_argument", "REASON_INVALID", ""));
	s.outbox.put(message("a"));
	s.outbox.put(message("b", 2));
	await s.settle();
	expect(s.told).toEqual(["failed a invalid_argument", "sent b"]);
	expect(s.kept.unsent.map((unsent) => unsent.token)).toEqual(["a"]);
	s.outbox.put(message("a"));
	await s.settle();
	expect(s.told.at(-1)).toBe("sent a");
});

test("a server that cannot is asked some times, then the visitor is told", async () => {
	const s = server(...Array.from({ length: 4 }, () => new CallError("unavailable", "", "")));
	s.outbox.put(message("a"));
	for (let at = 0; at < 4; at++) {
		await s.settle();
		s.waits.pop()?.();
	}
	await s.settle();
	expect(s.tokens).toHaveLength(4);
	expect(s.told).toEqual(["failed a unavailable"]);
});

test("the same message put twice is sent once", async () => {
	const s = server();
	s.outbox.put(message("a"));
	s.outbox.put(message("a"));
	await s.settle();
	expect(s.tokens).toEqual(["a"]);
});

test("what another tab has sent is not sent again", async () => {
	const offline = () => [new CallError("offline", "", "")];
	const kept = new Kept("test");
	const one = tab(kept, offline());
	const other = tab(kept, offline());
	for (const each of [one, other]) each.outbox.put(message("a"));
	await one.settle();
	one.outbox.nudge();
	await one.settle();
	expect(one.told).toEqual(["sent a"]);
	other.outbox.nudge();
	await other.settle();
	// The next is sent: it is not that nothing is.
	other.outbox.put(message("b", 2));
	await other.settle();
	expect(other.told).toEqual(["gone a", "sent b"]);
	expect(other.tokens).toEqual(["a", "b"]);
});

test("nothing is sent of a visitor who has left in another tab while it waited", async () => {
	const s = server(new CallError("offline", "", ""));
	s.outbox.put(message("a"));
	s.outbox.put(message("b", 2));
	await s.settle();
	s.kept.forget();
	s.outbox.nudge();
	await s.settle();
	expect(s.tokens).toEqual(["a"]);
	expect(s.told).toEqual(["gone a", "gone b"]);
});

test("an outbox that has ended waits for nothing", async () => {
	const s = server(new CallError("offline", "", ""));
	s.outbox.put(message("a"));
	s.outbox.close();
	await s.settle();
	expect(s.tokens).toEqual(["a"]);
	expect(s.waits).toEqual([]);
});
