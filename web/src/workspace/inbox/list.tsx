/** The list of conversations. */

import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Glyph } from "../../look/glyph.js";
import { Later } from "../../look/later.js";
import { useStore } from "../../look/store.js";
import { useKeys } from "../keys.js";
import { addresses } from "../place.js";
import { useInboxWords, useLanguage, useWords } from "../said.js";
import { StaleLine } from "../stale.js";
import { agentName } from "../team.js";
import { useTeam, useWorkspace } from "../workspace.js";
import { chunks } from "./chunk.js";
import { pagesOf } from "./state.js";
import { countOf, Filters, plain, ViewTabs } from "./views.js";

/** The pane of the list: views, filters and rows. */
export function InboxPane() {
	return (
		<>
			<ViewTabs />
			<Filters />
			<Stale />
			<Rows />
		</>
	);
}

function Stale() {
	const { inbox } = useWorkspace();
	const deaf = useStore(inbox.deaf, (now) => now);
	return deaf && <StaleLine onAgain={() => inbox.anew()} />;
}

function Rows() {
	const workspace = useWorkspace();
	const { inbox, places, actions } = workspace;
	const language = useLanguage();
	const general = useWords();
	const team = useTeam();
	const state = useStore(inbox, (now) => now);
	const place = useStore(places, (now) => now);
	const list = useRef<HTMLDivElement>(null);
	const [hovered, setHovered] = useState("");
	const [focused, setFocused] = useState("");
	const pages = pagesOf(state);

	useEffect(() => inbox.turn({ view: place.view, channel: place.channel, label: place.label }), [place]);
	useEffect(() => inbox.open(place.conversationId), [place.conversationId]);
	// At once: what comes by the next frame would move the row from below the pointer.
	useLayoutEffect(() => inbox.hold([...new Set([hovered, focused])].filter(Boolean)), [hovered, focused]);
	// Who is on a row stays on it, also where the browser has moved its element.
	useLayoutEffect(() => {
		if (!focused || list.current?.contains(document.activeElement)) return;
		if (document.activeElement === document.body) linkOf(focused)?.focus({ preventScroll: true });
	}, [state.shown]);

	const name = useCallback((id: string) => agentName(team, id), [team]);
	const href = useMemo(() => addresses(place), [place.view, place.channel, place.label]);
	const reachable =
		[focused, place.conversationId].find((id) => id && state.shown.includes(id)) ?? state.shown[0] ?? "";

	/** Goes to the row so many after the one that has the focus, or after the open conversation. */
	const step = (by: number) => {
		const from = focused || place.conversationId;
		const at = state.shown.indexOf(from);
		const to = state.shown[at < 0 ? 0 : Math.min(state.shown.length - 1, Math.max(0, at + by))];
		if (!to || (at >= 0 && to === from)) return;
		if (!focused && place.conversationId) places.go({ conversationId: to });
		else linkOf(to)?.focus();
	};
	useKeys({
		j: () => step(1),
		k: () => step(-1),
		e: () => {
			const id = focused || place.conversationId;
			if (!id || !workspace.may("conversations:write")) return;
			actions.toggle(id);
			if (focused) step(1);
		},
	});

	if (pages?.status === "failed" && state.shown.length === 0) return <Failed />;
	if (!pages || (pages.status === "reading" && state.shown.length === 0)) return <Skeleton />;
	if (state.shown.length === 0) return <Empty />;
	return (
		<div class={state.held.length > 0 ? "rows held" : "rows"}>
			{/* biome-ignore lint/a11y/useSemanticElements: a list of HTML has no parts */}
			<div
				ref={list}
				role="list"
				aria-label={general.conversations}
				onPointerOver={(event) => setHovered(idAt(event.target))}
				onPointerLeave={() => setHovered("")}
				onFocusIn={(event) => setFocused(idAt(event.target))}
				onFocusOut={({ relatedTarget }) => {
					if (list.current?.contains(relatedTarget as Node | null)) return;
					if (relatedTarget) setFocused("");
					// Nowhere else: the browser may have moved the element of the row, or the window lost the focus.
					else requestAnimationFrame(() => setFocused(idAt(document.activeElement)));
				}}
				onClick={(event) => {
					const id = idAt(event.target);
					if (!id || !plain(event)) return;
					event.preventDefault();
					places.go({ conversationId: id });
				}}
				onKeyDown={(event) => {
					if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event.key === "ArrowDown" ? 1 : -1);
					else if (event.key === "Home") linkOf(state.shown[0] ?? "")?.focus();
					else if (event.key === "End") linkOf(state.shown.at(-1) ?? "")?.focus();
					else return;
					event.preventDefault();
				}}
			>
				{chunks(state, { language, me: state.me, name, href, current: place.conversationId, reachable })}
			</div>
			{pages.status === "failed" ? (
				<Failed more />
			) : (
				pages.next && <More reading={pages.status === "reading"} />
			)}
		</div>
	);
}

function idAt(target: EventTarget | null): string {
	return (target as Element | null)?.closest<HTMLElement>("[data-id]")?.dataset.id ?? "";
}

/** The link of a row; none where it is not drawn. */
export function linkOf(id: string): HTMLElement | null {
	return document.querySelector<HTMLElement>(`.row[data-id="${CSS.escape(id)}"]`);
}

/** The end of what was read: more is read before somebody gets there. */
function More({ reading }: { reading: boolean }) {
	const { inbox } = useWorkspace();
	const words = useInboxWords();
	const end = useRef<HTMLDivElement>(null);
	useEffect(() => {
		if (!end.current) return;
		const near = new IntersectionObserver(([seen]) => seen?.isIntersecting && void inbox.more(), {
			root: end.current.parentElement,
			rootMargin: "1200px",
		});
		near.observe(end.current);
		return () => near.disconnect();
	}, [reading]);
	return (
		<div ref={end} class="row-end">
			<button type="button" class="button" aria-disabled={reading} onClick={() => void inbox.more()}>
				{reading ? words.loading : words.more}
			</button>
		</div>
	);
}

function Failed({ more }: { more?: boolean }) {
	const { inbox } = useWorkspace();
	const words = useInboxWords();
	return (
		<div class="rows-state" role="alert">
			<Glyph name="alert" />
			<p>{more ? words.failedMore : words.failed}</p>
			<button type="button" class="button" onClick={() => void inbox.more()}>
				{words.again}
			</button>
		</div>
	);
}

function Empty() {
	const { places, inbox } = useWorkspace();
	const words = useInboxWords();
	const general = useWords();
	const { view, channel, label } = useStore(places, (now) => now);
	const free = useStore(inbox.counts, (counts) => countOf(counts, "unassigned") ?? 0);
	if (channel || label) {
		return (
			<div class="rows-state">
				<Glyph name="filter" />
				<h2>{words.emptyFiltered}</h2>
				<button type="button" class="button" onClick={() => places.go({ channel: "", label: "" })}>
					{words.clear}
				</button>
			</div>
		);
	}
	return (
		<div class="rows-state">
			<Glyph name="check" />
			<h2>{words.empty[view]}</h2>
			{view === "mine" && free > 0 ? (
				<>
					<p>{words.waitingFor(free)}</p>
					<button type="button" class="button" onClick={() => places.go({ view: "unassigned" })}>
						{general.view.unassigned}
					</button>
				</>
			) : (
				<p>{words.emptyHint[view]}</p>
			)}
		</div>
	);
}

/** What stands there while the first rows are on their way, for longer than nobody minds. */
function Skeleton() {
	const words = useInboxWords();
	return (
		<div class="rows" aria-busy="true">
			<Later>
				<p class="hidden" role="status">
					{words.loading}
				</p>
				{Array.from({ length: 8 }, (_, at) => (
					<div key={at} class="row ghost" aria-hidden="true">
						<span class="row-name" />
						<span class="row-line" />
						<span class="row-facts" />
					</div>
				))}
			</Later>
		</div>
	);
}
