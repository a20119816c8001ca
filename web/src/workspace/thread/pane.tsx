/** The conversation that is open. */

import { useEffect } from "preact/hooks";
import { useStore } from "../../look/store.js";
import { useWords } from "../said.js";
import { StaleLine } from "../stale.js";
import { useWorkspace } from "../workspace.js";
import { InConversation, useConversation, useOf, useSpeech } from "./around.js";
import { Composer } from "./composer.js";
import { ThreadHead } from "./head.js";
import { Log } from "./log.js";
import { Skeleton } from "./skeleton.js";
import "../../look/menu.css";
import "../../look/copy.css";
import "./thread.css";

/** The pane of a conversation. Its heading takes the focus when it is opened. */
export function ThreadPane({ conversationId }: { conversationId: string }) {
	const { conversations, session } = useWorkspace();
	const conversation = conversations.get(conversationId);
	const status = useStore(session, (state) => state.status);
	useEffect(() => {
		// Where a session ended while it was read, it is read by the next.
		if (status !== "in") return;
		conversation.open();
		return () => conversation.close();
	}, [conversation, status]);
	return (
		<InConversation conversation={conversation}>
			<Thread />
		</InConversation>
	);
}

/** A conversation, however far reading it is. */
export function Thread() {
	const conversation = useConversation();
	const { words } = useSpeech();
	const phase = useOf((state) => state.phase);
	const deaf = useOf((state) => state.deaf);
	return (
		<>
			<ThreadHead />
			{phase === "ready" ? (
				<>
					{deaf && <StaleLine onAgain={() => void conversation.read()} />}
					<Log />
					<Composer />
				</>
			) : phase === "loading" ? (
				<Skeleton words={words.loading} />
			) : (
				<None missing={phase === "missing"} />
			)}
		</>
	);
}

/** What is said where there is nothing to show, with the way on. */
function None({ missing }: { missing: boolean }) {
	const conversation = useConversation();
	const { places } = useWorkspace();
	const { words } = useSpeech();
	const general = useWords();
	return (
		<div class="thread-none" role="alert">
			<p>{missing ? words.missing : words.broken}</p>
			{missing ? (
				<button type="button" class="button" onClick={() => places.go({ conversationId: "" })}>
					{general.back}
				</button>
			) : (
				<button type="button" class="button" onClick={() => void conversation.read()}>
					{words.tryAgain}
				</button>
			)}
		</div>
	);
}
