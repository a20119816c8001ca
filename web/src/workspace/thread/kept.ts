/** What a page keeps of a conversation, so that it outlives a reload and a session. */

import { blank, type Drafts, isBlank, noDrafts } from "./draft.js";
import type { Pending } from "./outbox.js";

/** Kept is what is being written, and what is on its way. */
export interface Kept {
	drafts: Drafts;
	/** Those messages of which nobody knows that they were taken. */
	outbox: readonly Pending[];
}

/** Keeper keeps it by conversation, for one agent in one tab. */
export class Keeper {
	constructor(
		private readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">,
		private readonly agentId: string,
	) {}

	private key(conversationId: string): string {
		return `${begin(this.agentId)}${conversationId}`;
	}

	/** What is kept of a conversation. */
	read(conversationId: string): Kept {
		try {
			const kept = JSON.parse(this.storage.getItem(this.key(conversationId)) ?? "{}") as Partial<Kept>;
			const { drafts } = kept;
			return {
				drafts: {
					...noDrafts,
					...drafts,
					reply: { ...blank, ...drafts?.reply },
					note: { ...blank, ...drafts?.note },
				},
				outbox: kept.outbox ?? [],
			};
		} catch {
			return { drafts: noDrafts, outbox: [] };
		}
	}

	/** Keeps it. Storage that is full or forbidden is no reason to stop somebody writing. */
	write(conversationId: string, drafts: Drafts, all: readonly Pending[]): void {
		const outbox = all.filter((one) => !one.messageId);
		try {
			if (isBlank(drafts.reply) && isBlank(drafts.note) && !drafts.pinned && outbox.length === 0) {
				this.storage.removeItem(this.key(conversationId));
			} else this.storage.setItem(this.key(conversationId), JSON.stringify({ drafts, outbox }));
		} catch {
			// It lives as long as the page.
		}
	}
}

/** The conversations in which an earlier page of the tab has left something to send. */
export function unsent(
	storage: Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">,
	agentId: string,
): string[] {
	const keys = Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? "");
	const keeper = new Keeper(storage, agentId);
	return keys
		.filter((key) => key.startsWith(begin(agentId)))
		.map((key) => key.slice(begin(agentId).length))
		.filter((id) => keeper.read(id).outbox.length > 0);
}

function begin(agentId: string): string {
	return `weiche:draft:${agentId}:`;
}
