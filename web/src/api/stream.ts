/** A page's one connection to the server: it follows, is told, and comes back by itself. */

import type {
	ClientFrameJson,
	RefusedJson,
	SubscribeRequestJson,
	SubscribeResponseJson,
} from "../gen/weiche/stream/v1/stream_pb.js";
import { backoff } from "./backoff.js";
import { byFetch, byWebSocket, type Connection, type Dial } from "./connection.js";

/** A server that says nothing for so long is gone: it says something every 15 s. */
const silence = 35_000;
/** So many WebSockets may fail before they have opened, until calls are used instead. */
const upgrades = 2;
/** The server's word that whoever called may not, or not any more. */
const revoked = 4001;
/** Why a WebSocket ended that makes no sense to open again at once. */
const tooMany = 4029;

/** Listener is told what its subscription brings. */
export interface Listener {
	/** A frame: a change, caught up, typing or presence. */
	heard(frame: SubscribeResponseJson): void;
	/** The cursor does not count any more: read the snapshot anew, and follow from there. */
	expired(): void;
	/** The subscription was refused. It has ended. */
	refused?(why: RefusedJson): void;
}

/** Following is a subscription. */
export interface Following {
	/** Ends it. */
	stop(): void;
}

/** StreamState is how a stream stands. */
export type StreamState =
	/** It has nothing to follow. */
	| "idle"
	/** It is not connected, and will be. */
	| "away"
	/** It is connected. */
	| "open"
	/** The session has ended: nothing comes any more. */
	| "revoked";

/** Surroundings are what a stream needs of the world. */
export interface Surroundings {
	/** Ways to connect: the first, and what is used where it does not open. */
	dials: readonly [Dial, Dial];
	/** What stands in the header Authorization; empty where the page's cookie says it. */
	authorization(): string;
	/** From 0 up to 1. */
	random(): number;
	/** Calls back after milliseconds; what it returns ends that. */
	after(milliseconds: number, then: () => void): () => void;
	/** Calls back when it is worth a try at once; what it returns ends that. */
	onComeback(then: () => void): () => void;
	/** Calls back when the device has no network any more; what it returns ends that. */
	onGone(then: () => void): () => void;
}

/** The surroundings of a page. */
export function surroundings(origin: string, token: () => string): Surroundings {
	const authorization = () => (token() ? `Bearer ${token()}` : "");
	const headers = (): Record<string, string> => (token() ? { Authorization: authorization() } : {});
	return {
		dials: [byWebSocket(origin), byFetch(origin, headers)],
		authorization,
		random: Math.random,
		after: (milliseconds, then) => {
			const timer = setTimeout(then, milliseconds);
			return () => clearTimeout(timer);
		},
		onComeback: (then) => {
			const seen = () => document.visibilityState === "visible" && then();
			addEventListener("online", then);
			document.addEventListener("visibilitychange", seen);
			return () => {
				removeEventListener("online", then);
				document.removeEventListener("visibilitychange", seen);
			};
		},
		onGone: (then) => {
			addEventListener("offline", then);
			return () => removeEventListener("offline", then);
		},
	};
}

interface Subscription {
	request: SubscribeRequestJson;
	listener: Listener;
}

/**
 * Stream is the connection of a page. It is open while something is followed, and where
 * it breaks it goes on from the last cursor of each subscription: nothing is missing and
 * nothing comes twice, but for what is of the moment only.
 */
export class Stream {
	/** How it stands. */
	state: StreamState = "idle";

	private readonly subscriptions = new Map<number, Subscription>();
	private readonly watchers = new Set<(state: StreamState) => void>();
	private connection: Connection | undefined;
	/** The connection takes what is said. */
	private begun = false;
	private last = 0;
	private tries = 0;
	private unopened = 0;
	private stopTimer = () => {};
	private readonly stopListening: (() => void)[];

	constructor(private readonly around: Surroundings) {
		this.stopListening = [
			around.onComeback(() => this.comeBack()),
			// A socket may hang for long before it knows.
			around.onGone(() => this.begun && this.lost(0)),
		];
	}

	/** Calls back when its state changes; what it returns ends that. */
	watch(watcher: (state: StreamState) => void): () => void {
		this.watchers.add(watcher);
		return () => this.watchers.delete(watcher);
	}

	/** Follows something, from the request's cursor, or from now. */
	follow(request: SubscribeRequestJson, listener: Listener): Following {
		const number = ++this.last;
		this.subscriptions.set(number, { request: { ...request }, listener });
		if (this.begun) this.subscribe(number);
		else if (this.state === "idle") this.dial();
		return {
			stop: () => {
				if (!this.subscriptions.delete(number)) return;
				this.say({ unsubscribe: number });
				if (this.subscriptions.size === 0) this.rest("idle");
			},
		};
	}

	/** Says what is of the moment: typing or presence. It is dropped while away. */
	say(frame: ClientFrameJson): void {
		if (this.begun) this.connection?.say(frame);
	}

	/** Begins anew, with another token: a session that had ended may have come back. */
	restart(): void {
		this.rest("idle");
		this.tries = 0;
		if (this.subscriptions.size > 0) this.dial();
	}

	/** Ends it for good. */
	close(): void {
		this.subscriptions.clear();
		this.rest("idle");
		for (const stop of this.stopListening) stop();
		this.watchers.clear();
	}

	private dial(): void {
		this.turn("away");
		this.stopTimer();
		const fallback = this.unopened >= upgrades;
		let lives = false;
		const connection = this.around.dials[fallback ? 1 : 0]({
			opened: () => {
				if (this.connection !== connection) return;
				lives = !fallback;
				this.begin();
				// Calls can be made without anybody there: that they are answered shows it.
				if (!fallback) this.turn("open");
			},
			heard: (frame) => {
				if (this.connection !== connection) return;
				lives = true;
				this.tries = 0;
				this.turn("open");
				this.watchdog();
				this.hear(frame);
			},
			ended: (code) => {
				if (this.connection !== connection) return;
				if (lives) this.unopened = fallback ? upgrades : 0;
				else this.unopened = fallback ? 0 : this.unopened + 1;
				this.lost(code);
			},
		});
		this.connection = connection;
		this.watchdog();
	}

	private begin(): void {
		this.begun = true;
		const authorization = this.around.authorization();
		if (authorization) this.say({ authenticate: { authorization } });
		for (const number of this.subscriptions.keys()) this.subscribe(number);
		this.watchdog();
	}

	private subscribe(number: number): void {
		const subscription = this.subscriptions.get(number);
		if (subscription) this.say({ subscribe: { subscription: number, request: subscription.request } });
	}

	private hear(frame: SubscribeResponseJson): void {
		const number = frame.subscription ?? 0;
		const subscription = this.subscriptions.get(number);
		if (subscription && frame.cursor) subscription.request.cursor = frame.cursor;
		if (frame.goAway) {
			if (frame.goAway.reason === "GO_AWAY_REASON_CURSOR_EXPIRED") {
				this.subscriptions.delete(number);
				subscription?.listener.expired();
			} else if (frame.goAway.reason === "GO_AWAY_REASON_REVOKED") this.rest("revoked");
			else this.lost(0, frame.goAway.retryAfterMs);
		} else if (frame.refused) {
			this.subscriptions.delete(number);
			subscription?.listener.refused?.(frame.refused);
		} else if (subscription && !frame.heartbeat) subscription.listener.heard(frame);
	}

	/** The connection is gone: another one after a while. */
	private lost(code: number, wait?: number): void {
		this.hangUp();
		if (code === revoked) {
			this.turn("revoked");
			return;
		}
		this.turn("away");
		this.tries = code === tooMany ? Math.max(this.tries, 5) + 1 : this.tries + 1;
		this.stopTimer = this.around.after(wait ?? backoff(this.tries, this.around.random), () => this.dial());
	}

	/** The device is back: a wait that goes on is no use. */
	private comeBack(): void {
		if (this.state === "away" && !this.connection) {
			this.tries = 0;
			this.dial();
		}
	}

	private watchdog(): void {
		this.stopTimer();
		this.stopTimer = this.around.after(silence, () => this.lost(0));
	}

	private rest(state: StreamState): void {
		this.hangUp();
		this.turn(state);
	}

	private hangUp(): void {
		this.stopTimer();
		const connection = this.connection;
		this.connection = undefined;
		this.begun = false;
		connection?.close();
	}

	private turn(state: StreamState): void {
		if (state === this.state) return;
		this.state = state;
		for (const watcher of [...this.watchers]) watcher(state);
	}
}
