/** The whole page: who is not in logs in, everybody else works. */

import { useStore } from "../look/store.js";
import { ContextPane } from "./context/pane.js";
import { Panes } from "./panes.js";
import { ThreadPane } from "./thread/pane.js";
import { ToastCorner } from "./toasts.js";
import { useWords } from "./words.js";
import { type Workspace, WorkspaceContext } from "./workspace.js";
import "./workspace.css";

/** The workspace, however its session stands. */
export function App({ workspace }: { workspace: Workspace }) {
	return (
		<WorkspaceContext.Provider value={workspace}>
			<Shell workspace={workspace} />
		</WorkspaceContext.Provider>
	);
}

function Shell({ workspace }: { workspace: Workspace }) {
	const words = useWords();
	const status = useStore(workspace.session, (state) => state.status);
	const conversationId = useStore(workspace.places, (place) => place.conversationId);
	if (status !== "in" && status !== "ended") {
		return (
			<main>
				<h1>{words.app}</h1>
			</main>
		);
	}
	return (
		<div class="desk" inert={status === "ended"}>
			<a class="skip" href="#main">
				{words.skip}
			</a>
			<header class="bar">
				<h1>{words.app}</h1>
			</header>
			<Panes
				open={conversationId !== ""}
				list={<p>{words.conversations}</p>}
				thread={
					conversationId ? (
						<ThreadPane key={conversationId} conversationId={conversationId} />
					) : (
						<p>{words.choose}</p>
					)
				}
				context={
					conversationId ? <ContextPane key={conversationId} conversationId={conversationId} /> : undefined
				}
			/>
			<ToastCorner />
		</div>
	);
}
