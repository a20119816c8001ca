/** What somebody is about to say in a conversation: it outlives a reload and a session. */

import type { MediaKindJson } from "../../gen/weiche/event/v1/content_pb.js";
import type { SendReplyRequestJson } from "../../gen/weiche/workspace/v1/workspace_pb.js";

/** A file that was uploaded and is to be sent. */
export interface Uploaded {
	name: string;
	type: string;
	size: number;
	blobId: string;
	kind: MediaKindJson;
}

/** Draft is one text with what goes with it. */
export interface Draft {
	text: string;
	files: readonly Uploaded[];
	/** The titles of quick replies below the text. */
	buttons: readonly string[];
	/** The message that it answers; empty for none. */
	answers: string;
	/** How it was sent before, where nobody knows whether it was taken. */
	before?: Sent;
}

/** Sent is how something was sent: the same again is the same message. */
export interface Sent {
	/** The client token. */
	token: string;
	request: SendReplyRequestJson;
}

/** Drafts are what is written in a conversation: a reply and a note, apart. */
export interface Drafts {
	mode: "reply" | "note";
	reply: Draft;
	note: Draft;
	/** The integration that the agent chose; empty for automatic. */
	pinned: string;
	/** Where replies went when the reply was begun; empty where there is none. */
	begunFor: string;
}

/** A draft of which nothing is written. */
export const blank: Draft = { text: "", files: [], buttons: [], answers: "" };

/** Nothing written. */
export const noDrafts: Drafts = { mode: "reply", reply: blank, note: blank, pinned: "", begunFor: "" };

/** The quick replies that have a title, each once. */
export function titlesOf(draft: Draft): string[] {
	return [...new Set(draft.buttons.map((title) => title.trim()).filter(Boolean))];
}

/** Whether there is anything in a draft. */
export function isBlank(draft: Draft): boolean {
	return draft.text.trim() === "" && draft.files.length === 0 && titlesOf(draft).length === 0;
}

/** Drafts with another text, or more, in the one that is shown. One that was blank is another one. */
export function write(drafts: Drafts, change: Partial<Draft>, place: string): Drafts {
	const draft = { ...drafts[drafts.mode], ...change };
	if (isBlank(draft)) draft.before = undefined;
	const next = { ...drafts, [drafts.mode]: draft };
	if (drafts.mode === "note") return next;
	return { ...next, begunFor: isBlank(next.reply) ? "" : drafts.begunFor || place };
}

/** Drafts without the one that was sent. */
export function sent(drafts: Drafts): Drafts {
	return { ...drafts, [drafts.mode]: blank, ...(drafts.mode === "reply" ? { begunFor: "" } : {}) };
}

/** Drafts in which a reply answers a message. */
export function answer(drafts: Drafts, messageId: string): Drafts {
	return { ...drafts, mode: "reply", reply: { ...drafts.reply, answers: messageId } };
}

/** Drafts with one that was not sent: it goes before what was written since. */
export function restore(drafts: Drafts, draft: Draft, note: boolean): Drafts {
	const mode = note ? "note" : "reply";
	const now = drafts[mode];
	return {
		...drafts,
		mode,
		[mode]: {
			...(isBlank(now) && draft.before ? { before: draft.before } : {}),
			text: [draft.text, now.text].filter((text) => text.trim()).join("\n\n"),
			files: [...draft.files, ...now.files],
			buttons: draft.buttons.length > 0 ? draft.buttons : now.buttons,
			answers: draft.answers || now.answers,
		},
	};
}
