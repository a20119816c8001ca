/** What was said and is on its way: it stands in the log until its line comes. */

import { backoff } from "../../api/backoff.js";
import { CallError, clientToken } from "../../api/call.js";
import type { ContentJson, PartJson } from "../../gen/weiche/event/v1/content_pb.js";
import type { TimelineItemJson } from "../../gen/weiche/view/v1/timeline_pb.js";
import type {
	ReplyPartJson,
	SendReplyRequestJson,
	SendReplyResponseJson,
} from "../../gen/weiche/workspace/v1/workspace_pb.js";
import { Store } from "../../look/store.js";
import { type Draft, titlesOf } from "./draft.js";

/** How a message stands that has no line yet. */
export type Standing =
	/** It is on its way, or waits for those before it. */
	| "sending"
	/** Nobody answered, so nobody knows whether it was taken. It is tried again by itself. */
	| "unanswered"
	/** The same, but so long ago that an agent has to want it again. */
	| "unknown"
	/** The server did not take it. */
	| "refused";

/** Pending is a message whose line has not come. */
export interface Pending {
	/** Its client token: the same again is the same message. */
	token: string;
	draft: Draft;
	note: boolean;
	/** The channel that it is meant for; empty for a note. */
	channel: string;
	request: SendReplyRequestJson;
	/** When the agent sent it, in milliseconds. */
	at: number;
	/** The message, once the server took it. */
	messageId: string;
	standing: Standing;
	/** What the last try ended with, a reason or a code; empty before that. */
	error: string;
	/** A line that says the same came before any answer: it is taken for its own. */
	come?: boolean;
}

/** Whether a message is shown: not beside its own line, as long as nothing went wrong with it. */
export function isShown({ come, standing }: Pending): boolean {
	return !come || standing !== "sending";
}

/** What became of a message that was sent. */
export type Outcome =
	/** It was taken. */
	| { kind: "taken"; answer: SendReplyResponseJson }
	/** The server refused it. It stays until it is taken away or sent again. */
	| { kind: "refused"; token: string; error: CallError }
	/** Somebody took it away before anybody answered. */
	| { kind: "away" };

/** What is said about how a draft is sent. */
export interface Sending {
	note: boolean;
	/** The channel that it will go over; empty for a note. */
	channel: string;
	/** The integration that the agent chose; empty for by the route. */
	pinned: string;
	/** The version of the route that the agent saw; empty for none. */
	seen: string;
	/** It is refused rather than sent by another route than that. */
	strict: boolean;
}

/** The request that says a draft. */
export function requestOf(draft: Draft, sending: Sending): SendReplyRequestJson {
	const text = draft.text.trim();
	const parts: ReplyPartJson[] = draft.files.map((file) => ({
		media: {
			blobId: file.blobId,
			kind: file.kind,
			mimeType: file.type,
			size: String(file.size),
			fileName: file.name,
		},
	}));
	const titles = titlesOf(draft);
	if (titles.length > 0) {
		parts.push({ buttons: { body: text, buttons: titles.map((title) => ({ title, payload: title })) } });
	} else if (text && parts.length > 0) parts.push({ text });
	return {
		...(parts.length > 0 ? { content: { parts } } : { text }),
		...(draft.answers ? { replyToMessageId: draft.answers } : {}),
		...destination(sending),
	};
}

/** Where a message goes, and whether it may go elsewhere. */
function destination(sending: Sending): SendReplyRequestJson {
	if (sending.note) return { destination: { note: true } };
	return {
		...(sending.pinned ? { destination: { integrationId: sending.pinned } } : {}),
		...(sending.seen ? { seenRouteVersion: sending.seen } : {}),
		...(sending.strict ? { strict: true } : {}),
	};
}

/** The request that says again what a reply said; nothing where that is not there any more. */
export function repeated(
	content: ContentJson | undefined,
	integrationId: string,
): SendReplyRequestJson | undefined {
	const parts = (content?.parts ?? []).map(again);
	if (parts.length === 0 || parts.some((part) => part === undefined)) return undefined;
	return {
		content: { parts: parts as ReplyPartJson[] },
		...(integrationId ? { destination: { integrationId } } : {}),
	};
}

function again(part: PartJson): ReplyPartJson | undefined {
	if (part.text) return { text: part.text.body ?? "" };
	if (part.buttons) return { buttons: part.buttons };
	if (part.template) return { template: part.template };
	if (part.location) return { location: part.location };
	if (part.contacts) return { contacts: part.contacts };
	if (!part.media?.blobId) return undefined;
	const { blobId, kind, mimeType, size, fileName, caption } = part.media;
	return { media: { blobId, kind, mimeType, size, fileName, caption } };
}

/** Whether two requests say the same to the same place, however the route stood. */
function sameSaying(one: SendReplyRequestJson, other: SendReplyRequestJson): boolean {
	const said = (request: SendReplyRequestJson) =>
		JSON.stringify({ ...request, seenRouteVersion: undefined, strict: undefined });
	return said(one) === said(other);
}

/** Who comes back later than this is asked before something is sent again, in milliseconds. */
const forgotten = 5 * 60_000;

/**
 * Outbox sends the messages of a conversation, one after the other, and holds them until
 * their lines come. What nobody answered is tried again with the same token, so that it is
 * one message however often it was tried.
 */
export class Outbox extends Store<readonly Pending[]> {
	private readonly there = new Set<string>();
	private readonly waiting = new Map<string, (outcome: Outcome) => void>();
	private running = false;
	private wake = () => {};

	/** @param kept what an earlier page has left; it is tried again by go */
	constructor(
		private readonly conversationId: string,
		private readonly act: (method: string, request: SendReplyRequestJson) => Promise<SendReplyResponseJson>,
		kept: readonly Pending[] = [],
	) {
		super(
			kept
				.filter((one) => !one.messageId)
				.map((one) => ({ ...one, standing: standingOf(one, Date.now()), error: "", come: false })),
		);
	}

	/**
	 * Sends a draft, or another request that stands for it. A draft that was sent before and
	 * not answered is the same message as then, unless it says something else by now.
	 */
	send(draft: Draft, sending: Sending, request = requestOf(draft, sending)): Promise<Outcome> {
		const { before, ...said } = draft;
		const same = before && sameSaying(before.request, request) ? before : { token: clientToken(), request };
		const pending: Pending = {
			...same,
			draft: said,
			note: sending.note,
			channel: sending.channel,
			at: Date.now(),
			messageId: "",
			standing: "sending",
			error: "",
		};
		const outcome = new Promise<Outcome>((resolve) => this.waiting.set(pending.token, resolve));
		this.update((all) => [...all, pending]);
		void this.run();
		return outcome;
	}

	/** Sends one again, because the agent wants it. */
	again(token: string): void {
		this.change(token, { standing: "sending", error: "" });
		this.go();
	}

	/** Tries at once what waits for its next try: there is reason to believe that it can succeed. */
	go(): void {
		if (this.running) this.wake();
		else void this.run();
	}

	/** Takes one away, and returns it. */
	take(token: string): Pending | undefined {
		const pending = this.value.find((one) => one.token === token);
		this.update((all) => all.filter((one) => one.token !== token));
		this.settle(token, { kind: "away" });
		return pending;
	}

	/** Lets go of those whose lines have come. A line may come before the answer that names its message. */
	arrived(lines: readonly TimelineItemJson[]): void {
		const fresh = lines.filter(
			({ messageId, agent, note }) => messageId && (agent || note) && !this.there.has(messageId),
		);
		for (const { messageId = "" } of fresh) this.there.add(messageId);
		// One is under way at a time.
		const first = this.value.find(({ messageId }) => !messageId);
		if (first && fresh.some((line) => says(line, first))) this.change(first.token, { come: true });
		if (this.value.some((one) => this.there.has(one.messageId))) {
			this.update((all) => all.filter((one) => !this.there.has(one.messageId)));
		}
	}

	private async run(): Promise<void> {
		if (this.running) return;
		this.running = true;
		try {
			for (let tries = 0; ; ) {
				const next = this.value.find(
					({ messageId, standing }) => !messageId && (standing === "sending" || standing === "unanswered"),
				);
				if (!next) return;
				const error = await this.try(next);
				if (error?.code === "unauthenticated") return;
				if (error) await this.rest(backoff(++tries, Math.random));
				else tries = 0;
			}
		} finally {
			this.running = false;
		}
	}

	/** Tries one; returns why it is to be tried again, if it is. */
	private async try({ token, request }: Pending): Promise<CallError | undefined> {
		try {
			const answer = await this.act("SendReply", {
				...request,
				conversationId: this.conversationId,
				clientToken: token,
			});
			this.change(token, { messageId: answer.messageId ?? "", standing: "sending", come: false });
			this.arrived([]);
			this.settle(token, { kind: "taken", answer });
		} catch (error) {
			if (!(error instanceof CallError)) throw error;
			const passes = error.mayPass || error.code === "unauthenticated";
			this.change(token, { standing: passes ? "unanswered" : "refused", error: error.reason || error.code });
			if (passes) return error;
			this.settle(token, { kind: "refused", token, error });
		}
		return undefined;
	}

	private rest(milliseconds: number): Promise<void> {
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, milliseconds);
			this.wake = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}

	private settle(token: string, outcome: Outcome): void {
		this.waiting.get(token)?.(outcome);
		this.waiting.delete(token);
	}

	private change(token: string, change: Partial<Pending>): void {
		this.update((all) => all.map((one) => (one.token === token ? { ...one, ...change } : one)));
	}
}

/** Whether a line has the words of a message, as far as it has any. */
function says({ content, note }: TimelineItemJson, pending: Pending): boolean {
	const text = pending.draft.text.trim();
	if (!text || Boolean(note) !== pending.note) return false;
	return !!content?.parts?.some((part) => [part.text?.body, part.buttons?.body].includes(text));
}

function standingOf({ at, standing }: Pending, now: number): Standing {
	if (standing === "refused" || standing === "unknown") return standing;
	return now - at < forgotten ? "sending" : "unknown";
}
