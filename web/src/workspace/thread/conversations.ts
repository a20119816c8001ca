/** The conversations that a page has opened. */

import { Conversation, type Line } from "./conversation.js";
import { Keeper, unsent } from "./kept.js";

/** So many conversations are kept, beside the one that is open and those that have something to send. */
const kept = 20;

/** Conversations are those that were opened: who comes back to one sees it at once. */
export class Conversations {
	private readonly all = new Map<string, Conversation>();

	/** @param agentId says who is at the page: nobody else gets to see the drafts */
	constructor(
		private readonly line: Line,
		private readonly agentId: () => string,
	) {
		line.stream.watch((state) => {
			if (state === "open") this.goOn();
		});
	}

	/** Goes on with what an earlier page of this tab has left to send, also where it was not opened since. */
	takeUp(): void {
		for (const id of unsent(sessionStorage, this.agentId())) this.get(id).goOn();
	}

	/** Goes on with what waits to be sent in all of them. */
	goOn(): void {
		for (const one of this.all.values()) one.goOn();
	}

	/** One of them. */
	get(id: string): Conversation {
		const found =
			this.all.get(id) ?? new Conversation(id, this.line, new Keeper(sessionStorage, this.agentId()));
		this.all.delete(id);
		this.all.set(id, found);
		for (const [oldest, { outbox, uploads }] of this.all) {
			if (this.all.size <= kept) break;
			if (oldest !== id && outbox.value.length + uploads.value.length === 0) this.all.delete(oldest);
		}
		return found;
	}
}
