import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { channelSign, Sign } from "../look/sign.js";
import { channelName, day } from "../look/words.js";
import { useChat, useChatState } from "./chat.js";
import { wordsOf } from "./content.js";
import { Greeting } from "./greeting.js";
import { LineView, PendingView } from "./message.js";
import { type Row, rows } from "./rows.js";
import { comparePlaces, placeOf, type State } from "./state.js";

/** So near to an end counts as there, in pixels. */
const close = 48;
/** So near to the beginning, more is read. */
const soon = 240;

/**
 * The log of the conversation. It stays at its end where it was there; otherwise it stays
 * where it is and counts what came.
 */
export function Log() {
	const { words, conversation, announce } = useChat();
	const state = useChatState((all) => all);
	const { lines, open, more, view } = state;
	const box = useRef<HTMLDivElement>(null);
	const stuck = useRef(true);
	const before = useRef({ first: placeOf(lines[0]), height: 0, top: 0, own: 0 });
	const [below, setBelow] = useState(0);
	const all = useMemo(() => rows(state), [lines, state.pending, state.movedBack]);
	const own = state.pending.length;

	// What the reader looks at stays where it is while rows come above it or below.
	useLayoutEffect(() => {
		const element = box.current;
		if (!element) return;
		const was = before.current;
		const first = placeOf(lines[0]);
		// Who has scrolled away may not have been heard of yet: that comes with the next frame.
		const { scrollTop, scrollHeight, clientHeight } = element;
		if (clientHeight > 0 && scrollTop < was.top)
			stuck.current = Math.min(was.height, scrollHeight) - scrollTop - clientHeight < close;
		if (own > was.own) stuck.current = true;
		if (stuck.current) element.scrollTop = element.scrollHeight;
		else if (comparePlaces(first, was.first) < 0)
			element.scrollTop = was.top + element.scrollHeight - was.height;
		before.current = { first, height: element.scrollHeight, top: element.scrollTop, own };
	}, [all, open, state.typing]);

	// New messages of agents are said once; what was there, and the visitor's own, are not.
	const heard = useRef(placeOf(lines.at(-1)));
	useEffect(() => {
		const fresh = lines.filter((line) => comparePlaces(line.place, heard.current) > 0);
		if (fresh.length === 0) return;
		heard.current = placeOf(lines.at(-1));
		const replies = fresh.filter((line) => line.author === "AUTHOR_AGENT");
		const said = replies.map(
			(one) => `${one.agentName || words.agent}: ${wordsOf(one.content) || words.file}`,
		);
		if (said.length > 0) announce(said.join("\n"));
		if (!stuck.current) setBelow((count) => count + replies.length);
	}, [lines]);

	useEffect(() => {
		if (state.movedBack !== undefined) announce(words.movedBack);
	}, [state.movedBack]);

	// At once: what was on screen was seen, also where the page is left by the next frame.
	const visible = useVisible();
	useLayoutEffect(() => {
		if (open && visible && view.name === "conversation" && stuck.current) conversation.see();
	}, [lines, open, visible, view, below]);

	// Pictures and a smaller window change what fits: the end stays the end.
	useEffect(() => {
		const element = box.current;
		if (!element) return;
		const sizes = new ResizeObserver(() => {
			if (stuck.current) element.scrollTop = element.scrollHeight;
		});
		sizes.observe(element);
		for (const child of element.children) sizes.observe(child);
		return () => sizes.disconnect();
	}, []);

	const look = () => {
		const element = box.current;
		if (!element || !open) return;
		const { scrollTop, scrollHeight, clientHeight } = element;
		stuck.current = scrollHeight - scrollTop - clientHeight < close;
		before.current.top = scrollTop;
		before.current.height = scrollHeight;
		if (stuck.current) setBelow(0);
		if (scrollTop < soon && more) void conversation.older();
	};
	const toEnd = () => {
		const element = box.current;
		stuck.current = true;
		if (element) element.scrollTop = element.scrollHeight;
		setBelow(0);
	};
	return (
		<div class="past">
			<div
				ref={box}
				// biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no pointer scrolls by keys
				tabIndex={0}
				class="log"
				role="log"
				aria-label={words.log}
				aria-live="off"
				onScroll={look}
			>
				<div class="rows">
					{more ? <p class="quietly">{words.older}</p> : <Greeting />}
					<ul>
						{all.map((row) => (
							<RowView key={row.key} row={row} />
						))}
					</ul>
					<Typing state={state} />
				</div>
			</div>
			{below > 0 && (
				<button type="button" class="fresh" onClick={toEnd}>
					<Sign name="down" />
					{words.fresh(below)}
				</button>
			)}
		</div>
	);
}

function RowView({ row }: { row: Row }) {
	const { words, language } = useChat();
	switch (row.kind) {
		case "day":
			return (
				<li class="day">
					<time dateTime={row.at.toISOString().slice(0, 10)}>{day(language, row.at, new Date())}</time>
				</li>
			);
		case "line":
			return <LineView row={row} />;
		case "pending":
			return <PendingView message={row.message} first={row.first} latest={row.latest} />;
		case "back":
			return <li class="system">{words.movedBack}</li>;
		case "system": {
			const channel = row.line.channel ?? "";
			const name = channelName(channel, words.web);
			return (
				<li class="system">
					<Sign name={channelSign(channel)} />{" "}
					{row.line.about === "linked" ? words.linked(name) : words.unlinked(name)}
				</li>
			);
		}
	}
}

/** Dots while an agent types; words where nothing may move. */
function Typing({ state }: { state: State }) {
	const { words } = useChat();
	if (state.typing === undefined) return null;
	return (
		<p class="types">
			<span class="dots" aria-hidden="true">
				<i />
				<i />
				<i />
			</span>
			<span class="typist">{words.types(state.typing)}</span>
		</p>
	);
}

/** Whether the page is looked at. */
function useVisible(): boolean {
	const [visible, setVisible] = useState(!document.hidden);
	useEffect(() => {
		const look = () => setVisible(!document.hidden);
		document.addEventListener("visibilitychange", look);
		return () => document.removeEventListener("visibilitychange", look);
	}, []);
	return visible;
}
