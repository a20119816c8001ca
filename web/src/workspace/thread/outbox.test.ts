import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CallError } from "../../api/call.js";
import type { SendReplyRequestJson } from "../../gen/weiche/workspace/v1/workspace_pb.js";
import { noDrafts } from "./draft.js";
import { isShown, Outbox, type Pending } from "./outbox.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A server that takes each message once, and loses as many of its answers as it is told to. */
class Server {
	readonly messages = new Map<string, string>();
	/** The texts that were asked for, in order. */
	readonly asked: string[] = [];
	losing = 0;
	refusing: CallError | undefined;

	answer = async (_: string, { clientToken: token = "", text = "" }: SendReplyRequestJson) => {
		this.asked.push(text);
		if (this.refusing) throw this.refusing;
		this.messages.set(token, text);
		if (this.losing-- > 0) throw new CallError("offline", "", "lost");
		return { messageId: `m-${token}` };
	};

	get texts(): string[] {
		return [...this.messages.values()];
	}
}

const sending = { note: false, channel: "whatsapp", pinned: "", seen: "3", strict: false };
const said = (text: string) => ({ ...noDrafts.reply, text });
const standings = (outbox: Outbox) => outbox.value.map(({ standing }) => standing);
/** Lets everything happen that can happen without time. */
const settle = () => vi.advanceTimersByTimeAsync(0);

test("what nobody answered is tried again by itself, and is one message", async () => {
	const server = new Server();
	server.losing = 3;
	const outbox = new Outbox("c1", server.answer);
	const outcome = outbox.send(said("hello"), sending);
	await settle();
	expect(standings(outbox)).toEqual(["unanswered"]);
	await vi.runAllTimersAsync();
	expect((await outcome).kind).toBe("taken");
	expect([server.asked.length, server.texts]).toEqual([4, ["hello"]]);
	outbox.arrived([{ messageId: outbox.value[0]?.messageId, agent: {} }]);
	expect(outbox.value).toEqual([]);
});

test("a message whose line comes before its answer is not shown beside it, unless the answer is lost", async () => {
	const server = new Server();
	const outbox = new Outbox("c1", server.answer);
	const shown = () => outbox.value.filter(isShown).map(({ draft }) => draft.text);
	const line = (messageId: string, body: string) => ({
		messageId,
		agent: {},
		content: { parts: [{ text: { body } }] },
	});
	outbox.arrived([line("m0", "hello")]);
	void outbox.send(said("hello"), sending);
	// What was there before, and what says something else, is not its line.
	outbox.arrived([line("m0", "hello"), line("m1", "something else")]);
	expect(shown()).toEqual(["hello"]);
	outbox.arrived([line("m2", "hello")]);
	expect(shown()).toEqual([]);
	// It was somebody else's: its own is another.
	await settle();
	expect(shown()).toEqual(["hello"]);
	outbox.arrived([line(outbox.value[0]?.messageId ?? "", "hello")]);
	expect(outbox.value).toEqual([]);

	server.losing = 1;
	void outbox.send(said("again"), sending);
	outbox.arrived([line("m3", "again")]);
	expect(shown()).toEqual([]);
	await settle();
	expect(shown()).toEqual(["again"]);
});

test("messages go in order: the next waits until the one before it was answered", async () => {
	const server = new Server();
	server.losing = 1;
	const outbox = new Outbox("c1", server.answer);
	void outbox.send(said("first"), sending);
	void outbox.send(said("second"), sending);
	await settle();
	expect(server.asked).toEqual(["first"]);
	outbox.go();
	await settle();
	expect(server.asked).toEqual(["first", "first", "second"]);
	expect(server.texts).toEqual(["first", "second"]);
});

test("what was taken back and is sent again unchanged is the same message; changed it is another", async () => {
	const server = new Server();
	server.losing = 1;
	const outbox = new Outbox("c1", server.answer);
	const outcome = outbox.send(said("hello"), sending);
	await settle();
	const { token = "", request = {}, draft = said("") } = outbox.take(outbox.value[0]?.token ?? "") ?? {};
	expect((await outcome).kind).toBe("away");
	await vi.runAllTimersAsync();
	const again = { ...draft, before: { token, request } };
	void outbox.send(again, { ...sending, seen: "4" });
	await settle();
	expect(server.texts).toEqual(["hello"]);
	void outbox.send({ ...again, text: "hello there" }, sending);
	void outbox.send(again, { ...sending, pinned: "widget" });
	await settle();
	expect(server.texts).toEqual(["hello", "hello there", "hello"]);
});

test("what was refused stays until it is taken or wanted again, and holds up nobody", async () => {
	const server = new Server();
	server.refusing = new CallError("failed_precondition", "REASON_WINDOW_CLOSED", "");
	const outbox = new Outbox("c1", server.answer);
	const outcome = await outbox.send(said("first"), sending);
	expect([outcome.kind, standings(outbox)]).toEqual(["refused", ["refused"]]);
	server.refusing = undefined;
	expect((await outbox.send(said("second"), sending)).kind).toBe("taken");
	expect(server.texts).toEqual(["second"]);
	outbox.again(outbox.value[0]?.token ?? "");
	await settle();
	expect(server.texts).toEqual(["second", "first"]);
});

test("a session that has ended is not asked again and again; who comes back sends the rest", async () => {
	const server = new Server();
	server.refusing = new CallError("unauthenticated", "REASON_UNAUTHENTICATED", "");
	const outbox = new Outbox("c1", server.answer);
	void outbox.send(said("hello"), sending);
	await vi.runAllTimersAsync();
	expect([server.asked.length, standings(outbox)]).toEqual([1, ["unanswered"]]);
	server.refusing = undefined;
	outbox.go();
	await settle();
	expect(server.texts).toEqual(["hello"]);
});

test.each([
	[4, "sending", ["hello"]],
	[6, "unknown", []],
] as const)(
	"what an earlier page has left goes on by itself for five minutes; after %s it is %s",
	async (minutes, standing, texts) => {
		const server = new Server();
		const left: Pending = {
			token: "t1",
			draft: said("hello"),
			note: false,
			channel: "whatsapp",
			request: { text: "hello" },
			at: Date.now() - minutes * 60_000,
			messageId: "",
			standing: "unanswered",
			error: "offline",
		};
		const outbox = new Outbox("c1", server.answer, [left, { ...left, token: "t2", messageId: "m2" }]);
		expect(standings(outbox)).toEqual([standing]);
		expect(server.asked).toEqual([]);
		outbox.go();
		await settle();
		expect(server.texts).toEqual(texts);
		outbox.again("t1");
		await settle();
		expect(server.texts).toEqual(["hello"]);
	},
);
