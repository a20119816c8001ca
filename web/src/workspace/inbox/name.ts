/** What a customer is called, in the list as everywhere else. */

import type { InboxWords } from "../said.js";
import type { Row } from "./state.js";

/** The name of the customer of a conversation; where they have none, one by which to tell them apart. */
export function nameOf(words: InboxWords, row: Row | undefined): string {
	if (row?.erased) return words.erased;
	return (
		row?.customerName || words.noName((row?.customerId ?? row?.conversationId ?? "").slice(-4).toLowerCase())
	);
}
