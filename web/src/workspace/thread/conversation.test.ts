import { expect, test, vi } from "vitest";
import type { CallError } from "../../api/call.js";
import { Stream, type Surroundings } from "../../api/stream.js";
import type { ClientFrameJson, SubscribeResponseJson } from "../../gen/weiche/stream/v1/stream_pb.js";
import { Conversation } from "./conversation.js";
import { noDrafts } from "./draft.js";
import { Keeper } from "./kept.js";

/** A page of which the test answers every call, with a connection that is open. */
class Desk {
	said: ClientFrameJson[] = [];
	/** What was asked for, by method. */
	readonly asked: string[] = [];
	/** Lets the page hear something. */
	hear: (frame: SubscribeResponseJson) => void = () => {};
	private readonly waiting: { method: string; answer: (with_: object | CallError) => void }[] = [];
	readonly kept = new Map<string, string>();
	readonly keeper = new Keeper(
		{
			getItem: (key) => this.kept.get(key) ?? null,
			setItem: (key, value) => void this.kept.set(key, value),
			removeItem: (key) => void this.kept.delete(key),
		},
		"kim",
	);
	readonly conversation: Conversation;

	constructor() {
		const dial: Surroundings["dials"][0] = (ears) => {
			this.hear = ears.heard;
			queueMicrotask(() => ears.opened());
			return { say: (frame) => void this.said.push(frame), close: () => {} };
		};
		const stream = new Stream({
			dials: [dial, dial],
			authorization: () => "",
			random: () => 1,
			after: () => () => {},
			onComeback: () => () => {},
			onGone: () => () => {},
		});
		stream.follow({ inbox: true }, { heard: () => {}, expired: () => {} });
		this.conversation = new Conversation(
			"c1",
			{
				call: <_, Response>(method: string) =>
					new Promise<Response>((resolve, reject) => {
						const name = method.split("/")[1] ?? "";
						this.asked.push(name);
						this.waiting.push({
							method: name,
							answer: (one) => (one instanceof Error ? reject(one) : resolve(one as Response)),
						});
					}),
				stream,
				inbox: { know: () => {} },
				ended: () => {},
			},
			this.keeper,
		);
	}

	/** Answers a call, once it is made. */
	async answer(method: string, answer: object | CallError = {}): Promise<void> {
		const at = await vi.waitFor(() => {
			const found = this.waiting.findIndex((one) => one.method === method);
			expect(found, `${method} is asked for`).toBeGreaterThanOrEqual(0);
			return found;
		});
		this.waiting.splice(at, 1)[0]?.answer(answer);
	}

	get follows(): number {
		return this.said.filter((frame) => frame.subscribe?.request?.conversationId).length;
	}
	get looks(): boolean {
		return this.said.some((frame) => frame.presence?.there);
	}
}

test.each([true, false])(
	"what is read before it is left, %s, is followed; after that it is not",
	async (stays) => {
		const desk = new Desk();
		desk.conversation.open();
		if (!stays) desk.conversation.close();
		await desk.answer("GetConversation");
		await desk.answer("ListChannels");
		await vi.waitFor(() => expect(desk.conversation.value.phase).toBe("ready"));
		expect([desk.follows, desk.looks]).toEqual(stays ? [1, true] : [0, false]);
		// Who comes back to it follows it, without reading it again.
		if (!stays) desk.conversation.open();
		expect([desk.follows, desk.looks]).toEqual([1, true]);
	},
);

test("who was away reads the customer's card anew, and who has just come reads it once", async () => {
	const desk = new Desk();
	desk.conversation.open();
	await desk.answer("GetConversation", { route: { customerId: "ana" } });
	await desk.answer("ListChannels");
	await desk.answer("GetCustomer", { customer: { customerId: "ana" } });
	await vi.waitFor(() => expect(desk.conversation.value.customer).toBeDefined());
	const subscription = desk.said.find((frame) => frame.subscribe?.request?.conversationId)?.subscribe
		?.subscription;
	for (let connection = 1; connection <= 2; connection++) desk.hear({ subscription, caughtUp: {} });
	await desk.answer("GetCustomer", { customer: { customerId: "eva" } });
	await vi.waitFor(() => expect(desk.conversation.value.customer?.customerId).toBe("eva"));
	expect(desk.asked.filter((method) => method === "GetCustomer")).toHaveLength(2);
});

test("a reply on its way is kept for a page that is loaded anew, until the server has it", async () => {
	const desk = new Desk();
	const { conversation } = desk;
	const draft = { ...noDrafts.reply, text: "on its way" };
	const sent = conversation.outbox.send(draft, {
		note: false,
		channel: "whatsapp",
		pinned: "",
		seen: "",
		strict: false,
	});
	const kept = () => desk.keeper.read("c1").outbox.map((one) => [one.token, one.draft.text]);
	expect(kept()).toEqual([[conversation.outbox.value[0]?.token, "on its way"]]);
	await desk.answer("SendReply", { messageId: "m1" });
	expect((await sent).kind).toBe("taken");
	expect(kept()).toEqual([]);
});
