/** The head of a conversation: who it is with, how it stands, and what can be done with it. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { Glyph } from "../../look/glyph.js";
import { ContextToggle, ListBack, threadHeading } from "../panes.js";
import { useWorkspace } from "../workspace.js";
import { useConversation, useMayWrite, useOf, useRow, useSpeech } from "./around.js";

/** The head; its heading takes the focus when the conversation was opened. */
export function ThreadHead() {
	const { words, name, agent } = useSpeech();
	const { id } = useConversation();
	const workspace = useWorkspace();
	const phase = useOf((state) => state.phase);
	const visiting = useOf((state) => state.visiting);
	const row = useRow();
	const may = useMayWrite();
	const heading = useRef<HTMLHeadingElement>(null);
	const closed = row?.status === "CONVERSATION_STATUS_CLOSED";
	const ready = phase === "ready" && row !== undefined;
	// At once: who has gone on by the next frame stays where they are.
	useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), []);
	const assignee = row?.assigneeId ? agent(row.assigneeId) : "";
	const turn = closed ? words.reopen : words.close;
	const assigned = assignee ? words.assignedTo(assignee) : words.noneAssigned;
	return (
		<header class="thread-head">
			<ListBack />
			<div class="thread-title">
				<h2 id={threadHeading} ref={heading} tabIndex={-1}>
					<bdi>{ready ? name : words.conversation}</bdi>
				</h2>
				{ready && (
					<p class="thread-facts">
						<span class={closed ? "status closed" : "status"}>
							<Glyph name={closed ? "check" : "chat"} />
							{closed ? words.closed : words.open}
						</span>
						{row.labels?.map((label) => (
							<span key={label} class="tag" dir="auto">
								{label}
							</span>
						))}
						{visiting && <span class="visiting">{words.inWidget}</span>}
					</p>
				)}
			</div>
			{ready && may && (
				<div class="thread-actions">
					<button
						type="button"
						class="button plain small assign"
						aria-label={`${words.assign}: ${assigned}`}
						title={`${words.assign}: ${assigned}`}
						aria-haspopup="dialog"
						onClick={() => workspace.show({ kind: "assign", conversationId: id })}
					>
						<Glyph name="person" />
						<span>{assigned}</span>
					</button>
					<button
						type="button"
						class="button plain icon"
						aria-label={words.labels}
						title={words.labels}
						aria-haspopup="dialog"
						onClick={() => workspace.show({ kind: "labels", conversationId: id })}
					>
						<Glyph name="label" />
					</button>
					<button
						type="button"
						class="button small turn"
						aria-label={turn}
						title={turn}
						onClick={() => workspace.actions.toggle(id)}
					>
						<Glyph name={closed ? "history" : "check"} />
						<span>{turn}</span>
					</button>
				</div>
			)}
			<ContextToggle />
		</header>
	);
}
