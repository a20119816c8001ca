/** The whole page: who is not in logs in, everybody else works. */

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Glyph } from "../look/glyph.js";
import { Later } from "../look/later.js";
import { LogIn } from "../look/login.js";
import { useStore } from "../look/store.js";
import { Bar } from "./bar.js";
import { ConnectionLine } from "./connection.js";
import { ContextPane } from "./context/pane.js";
import { InboxPane, linkOf } from "./inbox/list.js";
import { nameOf } from "./inbox/name.js";
import { rowOf } from "./inbox/state.js";
import { useKeys } from "./keys.js";
import { Overlays } from "./overlays.js";
import { Panes, threadHeading } from "./panes.js";
import { useInboxWords, useLanguage, useLearning, useWords } from "./said.js";
import { ThreadPane } from "./thread/pane.js";
import { ToastCorner } from "./toasts.js";
import { useWorkspace, type Workspace, WorkspaceContext } from "./workspace.js";
import "./workspace.css";
import "./inbox/inbox.css";
import "./dialogs.css";

/** The workspace, however its session stands. */
export function App({ workspace }: { workspace: Workspace }) {
	return (
		<WorkspaceContext.Provider value={workspace}>
			<Page />
		</WorkspaceContext.Provider>
	);
}

function Page() {
	const { session } = useWorkspace();
	const status = useStore(session, (state) => state.status);
	const language = useLanguage();
	useLearning();
	useTitle();
	switch (status) {
		case "opening":
			return <Opening />;
		case "failed":
			return <Unreachable />;
		case "out":
			return <LogIn session={session} language={language} />;
	}
	return (
		<>
			<Desk inert={status === "ended"} />
			{status === "ended" && <LogIn session={session} language={language} ended />}
		</>
	);
}

/** The workspace of somebody who is in, or was. */
export function Desk({ inert }: { inert: boolean }) {
	const workspace = useWorkspace();
	const words = useWords();
	const conversationId = useStore(workspace.places, (place) => place.conversationId);
	useFocusOnOpen(conversationId);
	useWayBack(inert);
	/** The conversation that a key is about: that of the row with the focus, or the open one. */
	const about = () => document.activeElement?.closest<HTMLElement>("[data-id]")?.dataset.id || conversationId;
	const open = (kind: "assign" | "labels") => {
		const id = about();
		if (id && workspace.may("conversations:write")) workspace.show({ kind, conversationId: id });
	};
	useKeys({
		a: () => open("assign"),
		l: () => open("labels"),
		z: () => void workspace.toasts.act(),
		"/": () => workspace.show({ kind: "find" }),
		"?": () => workspace.show({ kind: "help" }),
		"Mod+k": () => workspace.show({ kind: "commands" }),
	});
	return (
		<div class="desk" inert={inert}>
			<a class="skip" href="#main">
				{words.skip}
			</a>
			<Bar />
			<ConnectionLine />
			<Panes
				open={conversationId !== ""}
				list={<InboxPane />}
				thread={
					conversationId ? <ThreadPane key={conversationId} conversationId={conversationId} /> : <Nothing />
				}
				context={
					conversationId ? <ContextPane key={conversationId} conversationId={conversationId} /> : undefined
				}
			/>
			<ToastCorner />
			<Overlays />
		</div>
	);
}

/** The title says where the page is, and how many conversations have something that nobody has seen. */
function useTitle(): void {
	const { inbox, places } = useWorkspace();
	const words = useWords();
	const people = useInboxWords();
	const unread = useStore(inbox.counts, (counts) => counts?.unread ?? 0);
	const { view, conversationId } = useStore(places, (place) => place);
	const name = useStore(inbox, (state) => {
		const row = rowOf(state, conversationId);
		return row && nameOf(people, row);
	});
	const title = words.title(unread, name ?? words.view[view]);
	useEffect(() => {
		document.title = title;
	}, [title]);
}

/** Who opens a conversation is at its heading then; who leaves it for the list is at its row. */
function useFocusOnOpen(conversationId: string): void {
	const before = useRef(conversationId);
	const again = useRef<(() => void) | undefined>(undefined);
	// At once: who has gone on by the next frame stays where they are.
	useLayoutEffect(() => {
		if (before.current === conversationId) return;
		const left = before.current;
		before.current = conversationId;
		const go = () => (conversationId ? toConversation() : linkOf(left)?.focus());
		// A dialog that led here is still open, and gives the focus back when it goes.
		again.current = document.querySelector("dialog:modal") ? go : undefined;
		go();
	}, [conversationId]);
	useEffect(() => {
		again.current?.();
		again.current = undefined;
	}, [conversationId]);
}

/** While somebody is away no dialog is open; who comes back is at the conversation. */
function useWayBack(away: boolean): void {
	const { overlay } = useWorkspace();
	const was = useRef(away);
	useLayoutEffect(() => {
		if (away) overlay.update(() => undefined);
		else if (was.current) toConversation();
		was.current = away;
	}, [away]);
}

/** Gives the focus to the heading of the conversation, or to where it will be. */
function toConversation(): void {
	(document.getElementById(threadHeading) ?? document.getElementById("main"))?.focus();
}

function Nothing() {
	const words = useWords();
	return (
		<div class="nothing">
			<Glyph name="chat" />
			<h2>{words.choose}</h2>
			<p class="soft">{words.chooseHint}</p>
		</div>
	);
}

function Opening() {
	const words = useWords();
	return (
		<main class="nothing">
			<h1 class="hidden">{words.app}</h1>
			<Later>
				<p class="soft" role="status">
					{words.opening}
				</p>
			</Later>
		</main>
	);
}

function Unreachable() {
	const { session } = useWorkspace();
	const words = useWords();
	useEffect(() => {
		const again = () => void session.open();
		addEventListener("online", again);
		return () => removeEventListener("online", again);
	}, []);
	return (
		<main class="nothing">
			<Glyph name="alert" />
			<h1>{words.openFailed}</h1>
			<button type="button" class="button" onClick={() => void session.open()}>
				{words.again}
			</button>
		</main>
	);
}
