import { expect, test } from "vitest";
import { CallError } from "../api/call.js";
import { Kept, type Unsent } from "./kept.js";
import { Outbox } from "./outbox.js";

/** A server that answers as told, and an outbox that sends there. */
function server(...answers: (CallError | undefined)[]) {
	const tokens: string[] = [];
	const told: string[] = [];
	const waits: (() => void)[] = [];
	const kept = new Kept("test");
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
