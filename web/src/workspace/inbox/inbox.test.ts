import { expect, test, vi } from "vitest";
import { Stream, type Surroundings } from "../../api/stream.js";
import type { ClientFrameJson, SubscribeResponseJson } from "../../gen/weiche/stream/v1/stream_pb.js";
import { Inbox } from "./inbox.js";

/** A list on a connection of which the test says what comes. */
function desk() {
	const said: ClientFrameJson[] = [];
	let hear: (frame: SubscribeResponseJson) => void = () => {};
	let connections = 0;
	const dial: Surroundings["dials"][0] = (ears) => {
		connections++;
		hear = ears.heard;
		queueMicrotask(() => ears.opened());
		return { say: (frame) => void said.push(frame), close: () => {} };
	};
	const stream = new Stream({
		dials: [dial, dial],
		authorization: () => "",
		random: () => 1,
		after: () => () => {},
		onComeback: () => () => {},
		onGone: () => () => {},
	});
	const call = <_, Response>() => Promise.resolve({ cursor: "1" } as Response);
	const inbox = new Inbox(call, stream, { view: "all", channel: "", label: "" }, () => {});
	/** The subscriptions that the server has, by number. */
	const followed = () => {
		const all = new Set<number | undefined>();
		for (const { subscribe, unsubscribe } of said) {
			if (subscribe) all.add(subscribe.subscription);
			if (unsubscribe) all.delete(unsubscribe);
		}
		return [...all];
	};
	return {
		inbox,
		followed,
		connections: () => connections,
		hear: (frame: SubscribeResponseJson) => hear(frame),
	};
}

test("who asks for the list anew while nobody has answered yet follows it once", async () => {
	const { inbox, followed, connections, hear } = desk();
	inbox.start("kim");
	await vi.waitFor(() => expect(followed()).toEqual([1]));
	inbox.anew();
	await vi.waitFor(() => expect(followed()).toEqual([2]));
	inbox.anew();
	await vi.waitFor(() => expect(followed()).toEqual([3]));
	hear({ subscription: 3, caughtUp: {} });
	expect(connections()).toBe(1);
});
