/** The log of a conversation: it stays where it is read, and goes on at its end. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Glyph } from "../../look/glyph.js";
import { useStore } from "../../look/store.js";
import { day } from "../../look/words.js";
import { useTeam } from "../workspace.js";
import { useConversation, useMayWrite, useOf, useSpeech } from "./around.js";
import { plainText } from "./content.js";
import { MessageGroup } from "./message.js";
import { isShown } from "./outbox.js";
import { PendingMessage } from "./pending.js";
import { SystemGroup } from "./system.js";
import { compare, groups, named } from "./timeline.js";

/** So many lines are drawn first, and the others when those are seen, after so many milliseconds. */
const firstLines = 24;
const restAfter = 150;
/** Nearer than this to the end is at the end, in pixels. */
const near = 48;
/** Nearer than this to the beginning, older lines are read. */
const early = 240;

/** The lines, what is on its way, and who types. */
export function Log() {
	const conversation = useConversation();
	const { words, name, language } = useSpeech();
	const older = useOf((state) => state.timeline?.older ?? false);
	const pending = useStore(conversation.outbox, (all) => all);
	const me = useTeam()?.me.agent?.agentId;
	const typists = useOf((state) => state.typists).filter((one) => one.agentId !== me || !me);
	const names = useRef(new Map<string, string>());
	const known = useOf((state) => state.timeline?.lines) ?? [];
	const [whole, setWhole] = useState(known.length <= firstLines);
	useEffect(() => {
		const timer = setTimeout(() => setWhole(true), restAfter);
		return () => clearTimeout(timer);
	}, []);
	const lines = useMemo(() => (whole ? known : known.slice(-firstLines)), [known, whole]);
	const all = useMemo(() => named(groups(lines), names.current), [lines]);
	const box = useRef<HTMLDivElement>(null);
	const content = useRef<HTMLDivElement>(null);
	// Where it stood when it was looked at last, with the first line that there was.
	const place = useRef({ atEnd: true, top: 0, height: 0, client: 0, first: lines[0]?.position });
	const [seen, setSeen] = useState(lines.at(-1)?.position);
	const [said, setSaid] = useState("");
	const mayWrite = useMayWrite();

	const toEnd = () => {
		const log = box.current;
		if (log) log.scrollTop = log.scrollHeight;
	};
	/** How far from the end it was before it changed: somebody may have scrolled since it was looked at. */
	const before = (log: HTMLElement) => {
		const { atEnd, top, height, client } = place.current;
		const fromEnd = height - log.scrollTop - client;
		return { fromEnd, atEnd: atEnd && (Math.abs(log.scrollTop - top) < 2 || fromEnd < near) };
	};
	const look = () => {
		const log = box.current;
		if (!log) return;
		const { scrollTop: top, scrollHeight: height, clientHeight: client } = log;
		place.current = { ...place.current, top, height, client, atEnd: height - top - client < near };
		if (place.current.atEnd) {
			setSeen(lines.at(-1)?.position);
			if (mayWrite && document.visibilityState === "visible" && document.hasFocus()) conversation.see();
		}
		if (top < early && older && whole) void conversation.readOlder();
	};

	useLayoutEffect(() => {
		const log = box.current;
		if (!log) return;
		const first = lines[0]?.position;
		const { atEnd, fromEnd } = before(log);
		if (atEnd) toEnd();
		else if (first !== place.current.first) log.scrollTop = log.scrollHeight - log.clientHeight - fromEnd;
		place.current.first = first;
		look();
	}, [lines, pending, typists.length]);
	// Files that come, a composer that grows and a window that shrinks move the end.
	useEffect(() => {
		if (!box.current || !content.current) return;
		const watcher = new ResizeObserver(() => {
			if (box.current && before(box.current).atEnd) toEnd();
		});
		watcher.observe(box.current);
		watcher.observe(content.current);
		return () => watcher.disconnect();
	}, []);
	useEffect(() => {
		const back = () => look();
		addEventListener("focus", back);
		document.addEventListener("visibilitychange", back);
		return () => {
			removeEventListener("focus", back);
			document.removeEventListener("visibilitychange", back);
		};
	}, [lines, older, whole]);
	// What comes is said once: not what was there, nor what the agent says.
	const last = useRef(lines.at(-1)?.position);
	useEffect(() => {
		const news = lines.filter((line) => line.customer && compare(line.position, last.current) > 0);
		last.current = lines.at(-1)?.position;
		if (news.length) setSaid(news.map((line) => `${name}: ${plainText(line, words)}`).join("\n"));
	}, [lines]);

	const fresh = lines.filter((line) => line.customer && compare(line.position, seen) > 0).length;
	const now = new Date();
	return (
		<div class="log-place">
			<div
				ref={box}
				class="log"
				role="log"
				aria-live="off"
				aria-label={words.log(name)}
				// biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by keys
				tabIndex={0}
				onScroll={look}
			>
				<div ref={content} class="log-lines">
					{!whole ? null : older ? (
						<button type="button" class="button plain older" onClick={() => conversation.readOlder()}>
							{words.older}
						</button>
					) : (
						<p class="system beginning">{words.beginning}</p>
					)}
					{all.map((group) => (
						<div key={group.key} class="log-part">
							{group.day && (
								<h3 class="day">
									<time dateTime={group.day.toISOString().slice(0, 10)}>{day(language, group.day, now)}</time>
								</h3>
							)}
							{group.speaker === "system" ? <SystemGroup group={group} /> : <MessageGroup group={group} />}
						</div>
					))}
					{pending.filter(isShown).map((one) => (
						<PendingMessage key={one.token} pending={one} />
					))}
				</div>
			</div>
			<p class="typists">{typists.map((one) => words.typing(one.agentId ? one.name : name)).join(" ")}</p>
			<p class="hidden" role="status">
				{said}
			</p>
			{fresh > 0 && (
				<button type="button" class="button fresh" onClick={toEnd}>
					<Glyph name="down" />
					{words.fresh(fresh)}
				</button>
			)}
		</div>
	);
}
