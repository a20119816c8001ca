/** The head of a conversation: who it is with, how it stands, and what can be done with it. */

import { useEffect, useRef } from "preact/hooks";
import { Glyph } from "../../look/glyph.js";
import { ContextToggle, ListBack, threadHeading } from "../panes.js";
import { useOf, useSpeech } from "./around.js";

/** The head; its heading takes the focus when the conversation was opened. */
export function ThreadHead() {
	const { words, name } = useSpeech();
	const phase = useOf((state) => state.phase);
	const visiting = useOf((state) => state.visiting);
	const summary = useOf((state) => state.timeline?.summary);
	const closed = summary?.status === "CONVERSATION_STATUS_CLOSED";
	const heading = useRef<HTMLHeadingElement>(null);
	useEffect(() => heading.current?.focus({ preventScroll: true }), []);
	return (
		<header class="thread-head">
			<ListBack />
			<div class="thread-title">
				<h2 id={threadHeading} ref={heading} tabIndex={-1}>
					<bdi>{phase === "ready" ? name : words.conversation}</bdi>
				</h2>
				{phase === "ready" && (
					<p>
						<span class={closed ? "status closed" : "status"}>
							<Glyph name={closed ? "check" : "chat"} />
							{closed ? words.closed : words.open}
						</span>
						{visiting && <span class="visiting">{words.inWidget}</span>}
					</p>
				)}
			</div>
			<ContextToggle />
		</header>
	);
}
