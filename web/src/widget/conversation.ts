/** The conversation of a visitor, as the server has it and as this device adds to it. */

import { CallError, type CallOptions, clientToken } from "../api/call.js";
import { type Following, Stream, surroundings } from "../api/stream.js";
import type { SubscribeResponseJson } from "../gen/weiche/stream/v1/stream_pb.js";
import type {
	GetTimelineRequestJson,
	GetTimelineResponseJson,
	LineJson,
	PressedButtonJson,
	SendMessageRequestJson,
	SendMessageResponseJson,
} from "../gen/weiche/widget/v1/widget_pb.js";
import { Store } from "../look/held.js";
import type { Attached, Kept } from "./kept.js";
import { Outbox } from "./outbox.js";
import { Session } from "./session.js";
import {
	apply,
	blank,
	comparePlaces,
	dropped,
	loaded,
	marked,
	type Pending,
	placeOf,
	type State,
	sent,
	type View,
	withOlder,
	wrote,
} from "./state.js";
import { Timers } from "./timers.js";

/** So many lines are read at once. */
const page = 30;
/** A connection that is back sooner was never away, as far as the visitor sees. */
const calm = 2000;
/** An agent who typed so long ago does not type any more. */
const typingEnds = 10_000;
/** So often it is told that the visitor still types. */
const typingAgain = 4000;

/** What was seen is told after this while. */
const marking = 300;

/** The address of a file ends after ten minutes; who opens it needs some of that. */
const addressLasts = 9 * 60_000;

/** Message is what a visitor says: a text, files, or a button. */
export interface Message {
	text?: string;
	attachments?: Attached[];
	pressed?: PressedButtonJson & { title: string };
}

/** Conversation holds what a chat knows in its store, and does what its visitor does. */
export class Conversation {
	readonly store: Store<State>;
	/** What the visitor has typed and not sent. */
	readonly draft: Store<string>;
	/** Who the visitor is. */
	readonly session: Session;
	private readonly stream: Stream;
	private readonly outbox: Outbox;
	private readonly timers = new Timers();
	private readonly stopListening: () => void;
	private following: Following | undefined;
	private starting: Promise<void> | undefined;
	private stopTyping = () => {};
	private stopAway = () => {};
	private stopMarking = () => {};
	private toldTyping = 0;
	private markedRead = "";
	private readonly cameAt = new WeakMap<LineJson, number>();
	/** The token of the session that it follows in. */
	private followed = "";
	/** Counts how often it began anew, or ended: what was read for an earlier time is not shown. */
	private turn = 0;

	/**
	 * @param origin the server
	 * @param widget the widget's id
	 * @param kept what is on this device
	 * @param language the visitor's
	 */
	constructor(
		readonly origin: string,
		readonly widget: string,
		readonly kept: Kept,
		readonly language: () => string,
	) {
		this.store = new Store<State>({ ...blank, seen: kept.seen });
		this.draft = new Store(kept.draft);
		this.draft.watch(() => {
			kept.draft = this.draft.value;
		});
		this.session = new Session(origin, widget, kept, {
			opened: (known) => this.store.update((state) => ({ ...state, widget: known ?? state.widget })),
			forgotten: () => this.outbox.forget(),
			changed: () => this.restart(),
		});
		this.stream = new Stream(surroundings(origin, () => kept.token));
		this.outbox = new Outbox(kept, {
			send: (request) => this.call<SendMessageRequestJson, SendMessageResponseJson>("SendMessage", request),
			language,
			sent: (token, messageId) => this.store.update((state) => sent(state, token, messageId)),
			failed: (token, why) => this.refused(token, why),
			gone: (token) => this.store.update((state) => dropped(state, token)),
			after: (milliseconds, then) => this.after(milliseconds, then),
		});
		this.stream.watch((state) => this.connectionIs(state === "open"));
		const online = () => this.outbox.nudge();
		addEventListener("online", online);
		this.stopListening = () => removeEventListener("online", online);
	}

	/** Whether somebody has chatted on this device. */
	get known(): boolean {
		return this.session.known;
	}

	/** Reads the conversation and follows it; makes a session where there is none. */
	start(): Promise<void> {
		const { turn } = this;
		this.starting ??= this.begin().catch((cause: unknown) => {
			if (turn !== this.turn) return;
			this.starting = undefined;
			this.store.update((state) => ({ ...state, phase: "failed" }));
			if (!(cause instanceof CallError)) throw cause;
		});
		return this.starting;
	}

	/** Calls a method of the widget's service, in the visitor's session. Throws CallError. */
	call<Request, Response>(method: string, request: Request, options?: CallOptions): Promise<Response> {
		return this.session.call(method, request, options);
	}

	/** Begins anew with the session that is there now: somebody came in or left. */
	async restart(): Promise<void> {
		this.following?.stop();
		this.following = this.starting = undefined;
		this.turn++;
		this.draft.update(() => this.kept.draft);
		this.store.update((state) => ({
			...blank,
			open: state.open,
			widget: state.widget,
			seen: this.kept.seen,
		}));
		if (this.known || this.store.value.open) await this.start();
	}

	/** Says something. It is shown at once, and sent when there is a connection. */
	send(message: Message): void {
		const unsent = { text: "", ...message, token: clientToken(), at: Date.now() };
		this.store.update((state) => wrote(state, unsent));
		this.toldTyping = 0;
		this.outbox.put(unsent);
	}

	/** Tries a message again that was refused. */
	retry(token: string): void {
		const message = this.kept.unsent.find((unsent) => unsent.token === token);
		if (!message) this.discard(token); // another tab was first
		if (!message) return;
		this.store.update((state) => marked(state, token, "sending"));
		this.outbox.put(message);
	}

	/** Takes a message that was refused back to where the visitor writes, before what is there. */
	takeBack(message: Pending): void {
		this.discard(message.token);
		this.draft.update((text) => [message.text, text].filter(Boolean).join("\n"));
	}

	/** Drops a message that was refused. */
	discard(token: string): void {
		this.kept.drop(token);
		this.store.update((state) => dropped(state, token));
	}

	/** Shows something else in the panel. */
	show(view: View): void {
		this.store.update((state) => ({ ...state, view }));
	}

	/** Reads a page of lines before those that are there. */
	async older(): Promise<void> {
		const { older, more, lines } = this.store.value;
		if (older || !more) return;
		const { turn } = this;
		this.store.update((state) => ({ ...state, older: true }));
		try {
			const answer = await this.timeline({ before: placeOf(lines[0]), limit: page });
			if (turn === this.turn) this.store.update((state) => withOlder(state, answer));
		} catch {
			if (turn === this.turn) this.store.update((state) => ({ ...state, older: false }));
		}
	}

	/** Reads a line again, such as for the addresses of its files, which end; undefined where that fails. */
	async again(line: LineJson): Promise<LineJson | undefined> {
		const { turn } = this;
		const before = (BigInt(placeOf(line)) - 1n).toString();
		const answer = await this.timeline({ after: before, limit: 1 }).catch(() => undefined);
		if (!answer || turn !== this.turn) return undefined;
		this.store.update((state) => apply(state, { ownLines: answer.lines }));
		return answer.lines?.[0];
	}

	/** Whether a line came so long ago that the addresses of its files may have ended. */
	isOld(line: LineJson): boolean {
		return Date.now() - (this.cameAt.get(line) ?? Date.now()) > addressLasts;
	}

	/** Says that the last line was on screen. */
	see(): void {
		const { lines, seen } = this.store.value;
		const last = lines[lines.length - 1];
		if (!last || comparePlaces(last.place, seen) <= 0) return;
		this.kept.seen = placeOf(last);
		this.store.update((state) => ({ ...state, seen: placeOf(last) }));
		// Several that come at once are told as one.
		this.stopMarking();
		this.stopMarking = this.after(marking, () => this.markRead());
	}

	/** Says that the visitor types, or no longer. */
	typing(on: boolean): void {
		if (!this.store.value.conversationId) return;
		const now = Date.now();
		if (on ? now - this.toldTyping < typingAgain : this.toldTyping === 0) return;
		this.toldTyping = on ? now : 0;
		this.stream.say({ typing: { on } });
	}

	/** Calls back after milliseconds, unless it was ended; what it returns ends that. */
	after(milliseconds: number, then: () => void): () => void {
		return this.timers.after(milliseconds, then);
	}

	/** Ends everything: nothing is connected, waits or listens. */
	close(): void {
		this.turn++;
		this.outbox.close();
		this.stream.close();
		this.timers.close();
		this.session.close();
		this.stopListening();
	}

	private markRead(): void {
		// What has come since then was not seen: the panel may be closed by now.
		const { lines, seen } = this.store.value;
		const reply = lines.findLast(
			(line) => line.author === "AUTHOR_AGENT" && line.messageId && comparePlaces(line.place, seen) <= 0,
		);
		if (!reply?.messageId || reply.state === "read" || reply.messageId === this.markedRead) return;
		this.markedRead = reply.messageId;
		this.call("MarkRead", { messageId: reply.messageId }).catch(() => {
			this.markedRead = "";
		});
	}

	private async begin(): Promise<void> {
		const { turn } = this;
		this.store.update((state) => ({ ...state, phase: "loading" }));
		if (!this.known) await this.session.open();
		const answer = await this.timeline({ latest: true, limit: page });
		if (turn !== this.turn) return;
		this.store.update((state) => loaded(state, answer));
		this.followed = this.kept.token;
		this.following = this.stream.follow(
			{ own: true, cursor: answer.cursor },
			{
				heard: (frame) => this.hear(frame),
				expired: () => void this.restart(),
				refused: () => void this.after(5000, () => void this.restart()),
			},
		);
		for (const message of this.kept.unsent) {
			if (this.store.value.pending.some((other) => other.token === message.token)) continue;
			this.store.update((state) => wrote(state, message));
			this.outbox.put(message);
		}
	}

	private refused(token: string, why: CallError): void {
		this.store.update((state) => {
			const message = state.pending.find((one) => one.token === token);
			return marked(state, token, "failed", !!message?.attachments && why.reason === "REASON_NOT_FOUND");
		});
	}

	private async timeline(request: GetTimelineRequestJson): Promise<GetTimelineResponseJson> {
		const answer = await this.call<GetTimelineRequestJson, GetTimelineResponseJson>("GetTimeline", request);
		this.came(answer.lines);
		return answer;
	}

	private came(lines: readonly LineJson[] = []): void {
		for (const line of lines) this.cameAt.set(line, Date.now());
	}

	private hear(frame: SubscribeResponseJson): void {
		const { change, typing } = frame;
		this.came(change?.ownLines);
		if (change) this.store.update((state) => apply(state, change));
		// A visitor is told of agents alone, and not by their ids.
		if (typing) {
			this.stopTyping();
			this.types(typing.on ? (typing.agentName ?? "") : undefined);
			if (typing.on) this.stopTyping = this.after(typingEnds, () => this.types(undefined));
		}
	}

	private types(typing: string | undefined): void {
		this.store.update((state) => ({ ...state, typing }));
	}

	private connectionIs(open: boolean): void {
		this.stopAway();
		if (open) {
			this.outbox.nudge();
			this.store.update((state) => (state.away ? { ...state, away: false } : state));
		} else if (this.stream.state === "away") {
			this.stopAway = this.after(calm, () => this.store.update((state) => ({ ...state, away: true })));
		} else if (this.stream.state === "revoked") {
			// Another tab may have made a new one already.
			if (this.kept.token === this.followed) this.kept.token = "";
			void this.restart().then(() => this.stream.restart());
		}
	}
}
