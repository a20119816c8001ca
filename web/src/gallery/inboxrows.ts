/** Rows of an inbox that are made up: one of every kind. */

import type { ConversationSummaryJson, InboxCountsJson } from "../gen/weiche/view/v1/inbox_pb.js";
import { before } from "./talk.js";

type Row = ConversationSummaryJson;

function row(id: string, minutes: number, name: string, text: string, more: Row = {}): Row {
	return {
		conversationId: id,
		customerId: `customer-${id}`,
		customerName: name,
		status: "CONVERSATION_STATUS_OPEN",
		channel: "widget",
		channels: ["widget"],
		lastLine: { speaker: "SPEAKER_CUSTOMER", text },
		activeAt: before(minutes),
		active: String(10_000 - minutes),
		changed: String(10_000 - minutes),
		...more,
	};
}

/** The rows, the most recently active first. */
export const rows: Row[] = [
	row("c1", 3, "Ana Sample", "Super, dann komme ich vorbei. \u05ea\u05d5\u05d3\u05d4!", {
		channel: "whatsapp",
		channels: ["whatsapp", "widget"],
		assigneeId: "kim",
		labels: ["order"],
		unread: 1,
		waitingSince: before(3),
		troubles: 2,
	}),
	row("c2", 8, "", "Do you ship to Austria?", { unread: 2, waitingSince: before(42) }),
	row("c3", 12, "Mehmet Sample", "The parcel is at the neighbour's, thank you.", {
		channel: "messenger",
		assigneeId: "ben",
		lastLine: { speaker: "SPEAKER_AGENT", agentId: "kim", text: "The parcel is with your neighbour." },
	}),
	row("c4", 31, "Donaudampfschifffahrtsgesellschaft Kundendienst", "", {
		channel: "instagram",
		lastLine: { speaker: "SPEAKER_CUSTOMER", other: "image" },
		labels: ["return", "a label that is rather long", "urgent"],
		assigneeId: "kim",
		waitingSince: before(31),
	}),
	row("c5", 55, "נועה", "שלום, איפה ההזמנה שלי?", { channel: "whatsapp", waitingSince: before(55) }),
	row("c6", 90, "Joao Sample", "", {
		assigneeId: "ben",
		lastLine: { speaker: "SPEAKER_NOTE", agentId: "ben", text: "Wait for the warehouse before answering." },
	}),
	row("c7", 240, "Lea Sample", "", { lastLine: { speaker: "SPEAKER_CUSTOMER", unsent: true } }),
	row("c8", 1500, "", "", { erased: true, lastLine: undefined }),
	row("c9", 4000, "Sam Sample", "", {
		channel: "whatsapp",
		lastLine: { speaker: "SPEAKER_NATIVE_APP", text: "See you on Saturday in the shop!" },
	}),
];

/** Rows of conversations that are closed. */
export const closedRows: Row[] = rows.slice(2, 5).map((one) => ({
	...one,
	status: "CONVERSATION_STATUS_CLOSED",
	unread: undefined,
	waitingSince: undefined,
}));

/** How many there are. */
export const counts: InboxCountsJson = {
	mine: 2,
	unassigned: 5,
	open: 1209,
	closed: 48_211,
	unread: 2,
	labels: { order: 4, return: 2, urgent: 1 },
};
