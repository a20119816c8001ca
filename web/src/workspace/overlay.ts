/** The dialogs of the workspace, of which one is open at a time. */

/** Overlay says which dialog is open. */
export type Overlay =
	/** Everything that can be done, to be found by typing. */
	| { kind: "commands" }
	/** Conversations that the page knows, to be found by typing. */
	| { kind: "find" }
	/** To whom a conversation is to be given. */
	| { kind: "assign"; conversationId: string }
	/** Which labels it has. */
	| { kind: "labels"; conversationId: string }
	/** What the keys do. */
	| { kind: "help" }
	/** Language, theme, and whether single keys count. */
	| { kind: "settings" }
	/** The agent's sessions. */
	| { kind: "sessions" }
	/** The agent's password. */
	| { kind: "password" };
