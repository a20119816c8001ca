import { expect, test } from "vitest";
import type { CallError } from "../../api/call.js";
import { Stream, type Surroundings } from "../../api/stream.js";
import type { ClientFrameJson } from "../../gen/weiche/stream/v1/stream_pb.js";
import { Conversation } from "./conversation.js";
import { DraftStore, noDrafts } from "./draft.js";

/** A page of which the test answers every call, with a connection that is open. */
class Desk {
	said: ClientFrameJson[] = [];
	private readonly waiting: { method: string; answer: (with_: object | CallError) => void }[] = [];
	readonly kept = new Map<string, string>();
	readonly drafts = new DraftStore(
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
						this.waiting.push({
							method: method.split("/")[1] ?? "",
							answer: (one) => (one instanceof Error ? reject(one) : resolve(one as Response)),
						});
					}),
				stream,
				inbox: { tell: () => {} },
			},
			this.drafts,
		);
	}

	/** Answers what waits, by its method, and waits for what follows. */
	async answer(method: string, answer: object | CallError = {}): Promise<void> {
		const at = this.waiting.findIndex((one) => one.method === method);
		expect(at, `${method} is asked for`).toBeGreaterThanOrEqual(0);
		this.waiting.splice(at, 1)[0]?.answer(answer);
		await new Promise((resolve) => setTimeout(resolve));
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
		expect(desk.conversation.value.phase).toBe("ready");
		expect([desk.follows, desk.looks]).toEqual(stays ? [1, true] : [0, false]);
		// Who comes back to it follows it, without reading it again.
		if (!stays) desk.conversation.open();
		expect([desk.follows, desk.looks]).toEqual([1, true]);
	},
);

test("a reply on its way is a draft again for a page that is loaded anew, until the server has it", async () => {
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
	expect(desk.drafts.read("c1").reply.text).toBe("on its way");
	expect(conversation.drafts.value.reply.text).toBe("");
	await desk.answer("SendReply", { messageId: "m1" });
	expect((await sent).kind).toBe("taken");
	expect(desk.drafts.read("c1").reply.text).toBe("");
});
