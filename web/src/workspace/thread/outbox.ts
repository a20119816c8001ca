/** What was said and is on its way: it stands in the log until its line comes. */

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

/** Pending is a message whose line has not come. */
export interface Pending {
	/** Its client token: the same again is the same message. */
	token: string;
	draft: Draft;
	note: boolean;
	/** The channel that it is meant for; empty for a note. */
	channel: string;
	request: SendReplyRequestJson;
	at: Date;
	/** The message, once the server took it. */
	messageId: string;
	/** Why it was not taken; the words of a reason, or offline. */
	error: string;
}

/** What became of a message that was sent. */
export type Outcome =
	/** It was taken. */
	| { kind: "taken"; answer: SendReplyResponseJson }
	/** Nobody answered: the same can be sent again. */
	| { kind: "waiting" }
	/** The server refused it. */
	| { kind: "refused"; token: string; error: CallError };

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

/** Outbox sends the messages of a conversation and holds them until their lines come. */
export class Outbox extends Store<readonly Pending[]> {
	private readonly there = new Set<string>();

	constructor(
		private readonly conversationId: string,
		private readonly act: (method: string, request: SendReplyRequestJson) => Promise<SendReplyResponseJson>,
	) {
		super([]);
	}

	/** Sends a draft, or another request that stands for it. */
	send(draft: Draft, sending: Sending, request = requestOf(draft, sending)): Promise<Outcome> {
		const pending: Pending = {
			token: clientToken(),
			draft,
			note: sending.note,
			channel: sending.channel,
			request,
			at: new Date(),
			messageId: "",
			error: "",
		};
		this.update((all) => [...all, pending]);
		return this.try(pending);
	}

	/** Sends one again that nobody answered. */
	again(token: string): Promise<Outcome> | undefined {
		const pending = this.value.find((one) => one.token === token && one.error);
		if (!pending) return undefined;
		this.change(token, { error: "" });
		return this.try(pending);
	}

	/** Takes one away that was not sent, and returns it. */
	take(token: string): Pending | undefined {
		const pending = this.value.find((one) => one.token === token);
		this.update((all) => all.filter((one) => one.token !== token));
		return pending;
	}

	/** Lets go of those whose lines have come. */
	arrived(lines: readonly TimelineItemJson[]): void {
		for (const { messageId, agent, note } of lines)
			if (messageId && (agent || note)) this.there.add(messageId);
		if (this.value.some((one) => this.there.has(one.messageId))) {
			this.update((all) => all.filter((one) => !this.there.has(one.messageId)));
		}
	}

	private async try(pending: Pending): Promise<Outcome> {
		try {
			const answer = await this.act("SendReply", {
				...pending.request,
				conversationId: this.conversationId,
				clientToken: pending.token,
			});
			this.change(pending.token, { messageId: answer.messageId ?? "" });
			this.arrived([]);
			return { kind: "taken", answer };
		} catch (error) {
			if (!(error instanceof CallError)) throw error;
			const waits = error.mayPass || error.code === "unauthenticated";
			this.change(pending.token, { error: error.reason || error.code });
			return waits ? { kind: "waiting" } : { kind: "refused", token: pending.token, error };
		}
	}

	private change(token: string, change: Partial<Pending>): void {
		this.update((all) => all.map((one) => (one.token === token ? { ...one, ...change } : one)));
	}
}
