/** Visitors whom the site knows: they come in by its word, and leave. */

import type { VisitorToken } from "../loader/element.js";
import type { Conversation } from "./conversation.js";

/** Lets the visitor in as whom the site says that they are. */
export async function signIn(conversation: Conversation, token: VisitorToken): Promise<void> {
	await conversation.openSession(await token());
	await conversation.restart();
}

/** Ends the session: this device knows nothing of the visitor any more. */
export async function signOut(conversation: Conversation): Promise<void> {
	if (conversation.known) await conversation.call("EndSession", {}).catch(() => {});
	conversation.kept.forget();
	await conversation.restart();
}
