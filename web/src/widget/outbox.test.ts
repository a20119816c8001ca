import { expect, test, vi } from "vitest";
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
	return { tokens, told, waits, kept, outbox };
}

/** Waits until what is checked holds. */
const until = (check: () => void) => vi.waitFor(check, { interval: 1 });

const message = (token: string, at = 1): Unsent => ({ token, text: token, at });

test("messages go in order, and are kept until the server has them", async () => {
	const s = server();
	s.outbox.put(message("a"));
	s.outbox.put(message("b", 2));
	expect(s.kept.unsent.map((unsent) => unsent.token)).toEqual(["a", "b"]);
	await until(() => expect(s.told).toEqual(["sent a", "sent b"]));
	expect(s.kept.unsent).toEqual([]);
});

test("where nothing answers the same message is sent again, before the next", async () => {
	const s = server(...Array.from({ length: 9 }, () => new CallError("offline", "", "")));
	s.outbox.put(message("a"));
	s.outbox.put(message("b", 2));
	for (let tries = 1; tries <= 9; tries++) {
		await until(() => expect(s.waits).toHaveLength(tries));
		s.outbox.nudge();
	}
	await until(() => expect(s.told).toEqual(["sent a", "sent b"]));
	expect(s.tokens).toEqual([...Array.from({ length: 10 }, () => "a"), "b"]);
});

test("what is refused is told at once and goes again by hand only", async () => {
	const s = server(new CallError("invalid_argument", "REASON_INVALID", ""));
	s.outbox.put(message("a"));
	s.outbox.put(message("b", 2));
	await until(() => expect(s.told).toEqual(["failed a invalid_argument", "sent b"]));
	expect(s.kept.unsent.map((unsent) => unsent.token)).toEqual(["a"]);
	s.outbox.put(message("a"));
	await until(() => expect(s.told.at(-1)).toBe("sent a"));
});

test("a server that cannot is asked some times, then the visitor is told", async () => {
	const s = server(...Array.from({ length: 4 }, () => new CallError("unavailable", "", "")));
	s.outbox.put(message("a"));
	for (let tries = 1; tries <= 3; tries++) {
		await until(() => expect(s.waits).toHaveLength(tries));
		s.waits.at(-1)?.();
	}
	await until(() => expect(s.told).toEqual(["failed a unavailable"]));
	expect(s.tokens).toHaveLength(4);
	expect(s.waits).toHaveLength(3);
});

test("the same message put twice is sent once", async () => {
	const s = server();
	s.outbox.put(message("a"));
	s.outbox.put(message("a"));
	s.outbox.put(message("b", 2));
	await until(() => expect(s.told).toEqual(["sent a", "sent b"]));
	expect(s.tokens).toEqual(["a", "b"]);
});

test("what another tab has sent is not sent again", async () => {
	const offline = () => [new CallError("offline", "", "")];
	const kept = new Kept("test");
	const one = tab(kept, offline());
	const other = tab(kept, offline());
	for (const each of [one, other]) {
		each.outbox.put(message("a"));
		await until(() => expect(each.waits).toHaveLength(1));
	}
	one.outbox.nudge();
	await until(() => expect(one.told).toEqual(["sent a"]));
	other.outbox.nudge();
	// The next is sent: it is not that nothing is.
	other.outbox.put(message("b", 2));
	await until(() => expect(other.told).toEqual(["gone a", "sent b"]));
	expect(other.tokens).toEqual(["a", "b"]);
});

test("nothing is sent of a visitor who has left in another tab while it waited", async () => {
	const s = server(new CallError("offline", "", ""));
	s.outbox.put(message("a"));
	s.outbox.put(message("b", 2));
	await until(() => expect(s.waits).toHaveLength(1));
	s.kept.forget();
	s.outbox.nudge();
	await until(() => expect(s.told).toEqual(["gone a", "gone b"]));
	expect(s.tokens).toEqual(["a"]);
});

test("an outbox that has ended waits for nothing", async () => {
	const ended = server(new CallError("offline", "", ""));
	const control = server(new CallError("offline", "", ""));
	for (const each of [ended, control]) each.outbox.put(message("a"));
	ended.outbox.close();
	await until(() => expect(control.waits).toHaveLength(1));
	expect(ended.tokens).toEqual(["a"]);
	expect(ended.waits).toEqual([]);
});
