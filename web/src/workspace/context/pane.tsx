/** What is known around a conversation: the customer, the route, what happened. */

/** The pane beside a conversation. */
export function ContextPane({ conversationId }: { conversationId: string }) {
	return <p>{conversationId}</p>;
}
