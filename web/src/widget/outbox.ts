/** Messages on their way to the server, one after the other. */

import { backoff } from "../api/backoff.js";
import { CallError } from "../api/call.js";
import type { SendMessageRequestJson, SendMessageResponseJson } from "../gen/weiche/widget/v1/widget_pb.js";
import type { Kept, Unsent } from "./kept.js";

/** So many answers may be that the server cannot now, until the visitor is told. */
const patience = 4;

/** What an outbox does with its messages. */
export interface Ways {
	/** Sends one. */
	send(request: SendMessageRequestJson): Promise<SendMessageResponseJson>;
	/** The visitor's language. */
	language(): string;
	/** The server has it. */
	sent(token: string, messageId: string): void;
	/** The server will not have it, or could not for long. It is sent again by retry only. */
	failed(token: string, why: CallError): void;
	/** It does not wait any more, by another tab: it was sent there, or its visitor has left. */
	gone(token: string): void;
	/** Calls back after milliseconds; what it returns ends that. */
	after(milliseconds: number, then: () => void): () => void;
}

/**
 * Outbox sends messages in the order in which they were written. It keeps each until the
 * server has said that it has it; where nothing answers it tries again, as the same
 * message, until something does.
 */
export class Outbox {
	private readonly waiting: Unsent[] = [];
	private busy = false;
	private ended = false;
	private tries = 0;
	private stopWaiting = () => {};

	constructor(
		private readonly kept: Kept,
		private readonly ways: Ways,
	) {}

	/** Sends a message, now or when there is a connection. */
	put(message: Unsent): void {
		this.kept.hold(message);
		if (this.waiting.some((other) => other.token === message.token)) return;
		this.waiting.push(message);
		void this.work();
	}

	/** Tries at once what waits for a connection. */
	nudge(): void {
		this.stopWaiting();
		void this.work();
	}

	/** Drops all that waits: somebody else comes to this device. */
	forget(): void {
		this.stopWaiting();
		this.waiting.length = 0;
	}

	/** Ends it; what was not sent stays kept. */
	close(): void {
		this.ended = true;
		this.stopWaiting();
	}

	private async work(): Promise<void> {
		if (this.busy) return;
		this.busy = true;
		for (let first = this.waiting[0]; first && !this.ended; first = this.waiting[0]) {
			if (!this.kept.holds(first.token)) {
				this.done(first);
				this.ways.gone(first.token);
				continue;
			}
			const wait = await this.try(first);
			if (wait === undefined) continue;
			if (!this.ended) this.stopWaiting = this.ways.after(wait, () => void this.work());
			break;
		}
		this.busy = false;
	}

	/** Sends one; returns how long to wait where it has to be sent again. */
	private async try(message: Unsent): Promise<number | undefined> {
		try {
			const answer = await this.ways.send({
				text: message.text,
				clientToken: message.token,
				language: this.ways.language(),
				attachments: message.attachments?.map(({ blobId }) => ({ blobId })),
				pressed: message.pressed && {
					messageId: message.pressed.messageId,
					buttonId: message.pressed.buttonId,
				},
			});
			this.done(message);
			this.kept.drop(message.token);
			this.ways.sent(message.token, answer.messageId ?? "");
			return undefined;
		} catch (cause) {
			const why = cause instanceof CallError ? cause : new CallError("unknown", "", String(cause));
			this.tries++;
			if (why.code === "offline" || (why.mayPass && this.tries < patience)) {
				return backoff(this.tries, Math.random);
			}
			this.done(message);
			this.ways.failed(message.token, why);
			return undefined;
		}
	}

	private done(message: Unsent): void {
		this.tries = 0;
		const at = this.waiting.indexOf(message);
		if (at >= 0) this.waiting.splice(at, 1);
	}
}
