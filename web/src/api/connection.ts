/** Ways to carry the frames of streams: a WebSocket, or calls where those are blocked. */

import type {
	ClientFrameJson,
	SubscribeRequestJson,
	SubscribeResponseJson,
} from "../gen/weiche/stream/v1/stream_pb.js";

/** What a connection tells its stream. */
export interface Ears {
	/** It is open. */
	opened(): void;
	/** A frame came. */
	heard(frame: SubscribeResponseJson): void;
	/** It has ended; nothing comes after that. The code is that of a WebSocket's end, or 0. */
	ended(code: number): void;
}

/** Connection is one connection to a server. */
export interface Connection {
	/** Says a frame. What cannot be said on this kind of connection is dropped. */
	say(frame: ClientFrameJson): void;
	/** Ends it, without telling. */
	close(): void;
}

/** Dial opens a connection, and tells nothing before it has returned. */
export type Dial = (ears: Ears) => Connection;

/** Makes connections by WebSocket. */
export function byWebSocket(origin: string): Dial {
	return (ears) => {
		const url = new URL("/v1/stream", origin || location.origin);
		url.protocol = url.protocol.replace("http", "ws");
		const socket = new WebSocket(url, "weiche.v1.json");
		let over = false;
		const end = (code: number) => {
			if (over) return;
			over = true;
			ears.ended(code);
		};
		socket.addEventListener("open", () => over || ears.opened());
		socket.addEventListener("message", (event) => over || ears.heard(JSON.parse(event.data)));
		socket.addEventListener("close", (event) => end(event.code));
		socket.addEventListener("error", () => end(0));
		return {
			say: (frame) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(frame)),
			close: () => {
				over = true;
				socket.close(1000);
			},
		};
	};
}

/** The bit of a message's first byte that says that the stream ends with it. */
const endOfStream = 2;

/**
 * Makes connections by calls of Subscribe, one for each subscription: for networks that
 * do not let WebSockets through. Typing and presence are not said on them.
 */
export function byFetch(origin: string, headers: () => Record<string, string>): Dial {
	return (ears) => {
		const calls = new Map<number, AbortController>();
		let over = false;
		const end = () => {
			if (over) return;
			over = true;
			for (const call of calls.values()) call.abort();
			ears.ended(0);
		};
		const follow = async (subscription: number, request: SubscribeRequestJson) => {
			const call = new AbortController();
			calls.set(subscription, call);
			try {
				const answer = await fetch(`${origin}/weiche.stream.v1.StreamService/Subscribe`, {
					method: "POST",
					headers: {
						"Content-Type": "application/connect+json",
						"Connect-Protocol-Version": "1",
						...headers(),
					},
					body: enveloped(request),
					signal: call.signal,
					credentials: origin ? "omit" : "same-origin",
				});
				for await (const [flags, message] of envelopes(answer)) {
					if (over || call.signal.aborted) return;
					if (flags & endOfStream) break;
					ears.heard({ ...(message as SubscribeResponseJson), subscription });
				}
			} catch {
				// It has ended, one way or the other.
			}
			if (!call.signal.aborted) end();
		};
		queueMicrotask(() => over || ears.opened());
		return {
			say: (frame) => {
				if (frame.subscribe?.subscription && frame.subscribe.request) {
					void follow(frame.subscribe.subscription, frame.subscribe.request);
				}
				if (frame.unsubscribe) calls.get(frame.unsubscribe)?.abort();
			},
			close: () => {
				over = true;
				for (const call of calls.values()) call.abort();
			},
		};
	};
}

/** A message in Connect's envelope: a byte of flags, four of length, and JSON. */
function enveloped(message: unknown): Uint8Array<ArrayBuffer> {
	const body = new TextEncoder().encode(JSON.stringify(message));
	const whole = new Uint8Array(5 + body.length);
	new DataView(whole.buffer).setUint32(1, body.length);
	whole.set(body, 5);
	return whole;
}

/** The messages of an answer, each with its flags. */
async function* envelopes(answer: Response): AsyncGenerator<[flags: number, message: unknown]> {
	const reader = answer.ok ? answer.body?.getReader() : undefined;
	let rest = new Uint8Array();
	while (reader) {
		const { done, value } = await reader.read();
		if (done) return;
		const more = new Uint8Array(rest.length + value.length);
		more.set(rest);
		more.set(value, rest.length);
		rest = more;
		while (rest.length >= 5) {
			const length = new DataView(rest.buffer, rest.byteOffset).getUint32(1);
			if (rest.length < 5 + length) break;
			yield [rest[0] ?? 0, JSON.parse(new TextDecoder().decode(rest.subarray(5, 5 + length)))];
			rest = rest.slice(5 + length);
		}
	}
}
