/** What happened in a conversation, as its log tells. */

import type { EventJson } from "../../gen/weiche/stream/v1/event_pb.js";

/** Who did something. */
export type Doer = { kind: "customer" | "system" | "native" } | { kind: "agent"; agentId: string };

/** What an event is about beside what all have. */
interface Body {
	agentId?: string;
	byBusiness?: boolean;
	author?: string;
	reason?: string;
}

/** Types of events that a customer brings about where no agent did. */
const byCustomer = new Set([
	"conversation.started",
	"conversation.reopened",
	"message.edited",
	"message.deleted",
	"message.reaction_changed",
	"channel.bound",
]);

/** The part of an event that says what happened. */
function bodyOf(event: EventJson): Body {
	const name = (event.type ?? "").replace(/[._]([a-z])/g, (_, letter: string) => letter.toUpperCase());
	const known: Record<string, string> = {
		conversationLabelsChanged: "labelsChanged",
		messageReactionChanged: "reactionChanged",
		messageMediaChanged: "mediaChanged",
	};
	return (event as Record<string, Body | undefined>)[known[name] ?? name] ?? {};
}

/** Who did what an event tells. */
export function doerOf(event: EventJson): Doer {
	const body = bodyOf(event);
	if (body.agentId) return { kind: "agent", agentId: body.agentId };
	if (body.author === "MESSAGE_AUTHOR_NATIVE_APP" || body.byBusiness) return { kind: "native" };
	if (body.author === "MESSAGE_AUTHOR_CUSTOMER") return { kind: "customer" };
	if (body.author) return { kind: "system" };
	if (body.reason === "UNBOUND_REASON_CUSTOMER") return { kind: "customer" };
	return { kind: byCustomer.has(event.type ?? "") ? "customer" : "system" };
}

/** The command that shows the record of an event in the log. */
export function commandOf(event: EventJson): string {
	const after = BigInt(event.version ?? "1") - 1n;
	return [
		"weiche events",
		`--account ${quoted(event.accountId ?? "")}`,
		`--after ${after}`,
		"--limit 1 --json",
		quoted(`conversation-${event.conversationId}`),
	].join(" ");
}

/** A word as a shell takes it. */
function quoted(word: string): string {
	return /^[\w.-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
