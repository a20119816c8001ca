/** The conversation that is open. */

import { ContextToggle, ListBack, threadHeading } from "../panes.js";

/** The pane of a conversation. Its heading takes the focus when it is opened. */
export function ThreadPane({ conversationId }: { conversationId: string }) {
	return (
		<header class="thread-head">
			<ListBack />
			<h2 id={threadHeading} tabIndex={-1}>
				{conversationId}
			</h2>
			<ContextToggle />
		</header>
	);
}
