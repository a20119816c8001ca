/** The three panes: the list, the conversation, and what is known around it. */

import type { ComponentChildren } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { Glyph } from "../look/glyph.js";
import { useMedia } from "../look/media.js";
import { useStore } from "../look/store.js";
import { useWords } from "./said.js";
import { Splitter } from "./splitter.js";
import { useWorkspace } from "./workspace.js";

/** The id of the heading of the conversation, which takes the focus when it is opened. */
export const threadHeading = "thread-heading";
const contextId = "context";

/** Where the context has no room beside the conversation, and where only one pane has. */
const narrow = "(max-width: 1099px)";
const phone = "(max-width: 759px)";

/** Panes lays the three out; in a window with less room they come one over the other. */
export function Panes(props: {
	list: ComponentChildren;
	thread: ComponentChildren;
	/** Nothing where no conversation is open. */
	context?: ComponentChildren;
	open: boolean;
}) {
	const { chosen, drawer } = useWorkspace();
	const words = useWords();
	const drawn = useContextShown();
	const over = useMedia(narrow);
	// The list is the page where it is all of it.
	const alone = useMedia(phone) && !props.open;
	const widths = useStore(chosen, ({ list, context }) => `${list} ${context}`);
	const [list, context] = widths.split(" ");
	const close = () => drawer.update(() => false);
	return (
		<div
			class={props.open ? "panes open" : "panes"}
			style={{ "--list": `${list}px`, "--context": drawn && props.context ? `${context}px` : "0px" }}
		>
			<section
				class="pane list-pane"
				role={alone ? "main" : undefined}
				aria-label={words.conversations}
				id="list"
			>
				{props.list}
				<Splitter pane="list" controls="list" label={words.listWidth} />
			</section>
			<main class="pane thread-pane" id="main" tabIndex={-1}>
				{props.thread}
			</main>
			{props.context && drawn && (
				<>
					{over && (
						<button
							type="button"
							class="drawer-shade"
							tabIndex={-1}
							aria-label={words.hideDetails}
							onClick={close}
						/>
					)}
					<aside
						class={over ? "pane context-pane drawer" : "pane context-pane"}
						id={contextId}
						aria-label={words.details}
						onKeyDown={(event) => {
							if (!over || event.key !== "Escape" || event.defaultPrevented) return;
							event.stopPropagation();
							close();
							document.querySelector<HTMLElement>(`[aria-controls=${contextId}]`)?.focus();
						}}
					>
						{over && <DrawerHead onClose={close} />}
						{props.context}
						{!over && <Splitter pane="context" controls={contextId} label={words.detailsWidth} />}
					</aside>
				</>
			)}
		</div>
	);
}

function DrawerHead({ onClose }: { onClose(): void }) {
	const words = useWords();
	useLayoutEffect(() => document.getElementById("drawer-close")?.focus(), []);
	return (
		<div class="drawer-head">
			<button
				type="button"
				id="drawer-close"
				class="button plain icon"
				aria-label={words.hideDetails}
				onClick={onClose}
			>
				<Glyph name="close" />
			</button>
		</div>
	);
}

/** Whether the context is there: beside the conversation by choice, over it when asked for. */
function useContextShown(): boolean {
	const { chosen, drawer } = useWorkspace();
	const over = useMedia(narrow);
	const beside = useStore(chosen, (all) => all.contextShown);
	const asked = useStore(drawer, (shown) => shown);
	return over ? asked : beside;
}

/** The button of a conversation's head that shows and hides what is known around it. */
export function ContextToggle() {
	const { chosen, drawer } = useWorkspace();
	const words = useWords();
	const shown = useContextShown();
	const over = useMedia(narrow);
	const turn = () => (over ? drawer.update((now) => !now) : chosen.choose({ contextShown: !shown }));
	const word = shown ? words.hideDetails : words.showDetails;
	return (
		<button
			type="button"
			class="button plain icon"
			aria-label={word}
			title={word}
			aria-expanded={shown}
			aria-controls={contextId}
			onClick={turn}
		>
			<Glyph name="panel" />
		</button>
	);
}

/** The button of a conversation's head that leads back to the list, where only one has room. */
export function ListBack() {
	const { places } = useWorkspace();
	const words = useWords();
	if (!useMedia(phone)) return null;
	return (
		<button
			type="button"
			class="button plain icon"
			aria-label={words.back}
			onClick={() => places.go({ conversationId: "" })}
		>
			<Glyph name="back" />
		</button>
	);
}
