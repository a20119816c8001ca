import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Language } from "../look/words.js";
import type { Handset } from "./handset.js";
import { Bubble, Tap } from "./message.js";
import { appHosts, type Thread } from "./provider.js";
import { phoneWords } from "./words.js";
import "./messages.css";

/** What was said in a thread, the newest at the bottom. */
export function Messages({
	handset,
	thread,
	language,
}: {
	handset: Handset;
	thread: Thread;
	language: Language;
}) {
	const words = phoneWords[language];
	const list = useRef<HTMLDivElement>(null);
	const own = thread.messages.filter((one) => one.from === "person").at(-1);
	useLayoutEffect(() => {
		if (list.current) list.current.scrollTop = list.current.scrollHeight;
	}, [thread.integration, thread.messages.length, thread.typing]);
	useEffect(() => {
		const box = list.current;
		if (!box) return;
		// What was read last stays in sight where there is less room, as above a drawer.
		const sized = new ResizeObserver(() => {
			box.scrollTop = box.scrollHeight;
		});
		sized.observe(box);
		return () => sized.disconnect();
	}, []);
	useEffect(() => {
		const look = () => {
			if (thread.unread > 0 && document.visibilityState === "visible") void handset.read(thread.integration);
		};
		look();
		document.addEventListener("visibilitychange", look);
		return () => document.removeEventListener("visibilitychange", look);
	}, [thread.integration, thread.unread]);
	/** Links into the apps open on this phone and not on the computer. */
	const follow = (event: MouseEvent) => {
		const link = event.target instanceof Element ? event.target.closest("a") : null;
		if (!link || !appHosts.includes(link.hostname)) return;
		event.preventDefault();
		void handset.visit(link.href);
	};
	return (
		// biome-ignore lint/a11y/useKeyWithClickEvents: what is clicked is a link, which keys press, too
		<div
			class="phone-messages"
			ref={list}
			role="log"
			aria-label={words.messages(thread.account)}
			// biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys have to reach it
			tabIndex={0}
			onClick={follow}
		>
			{thread.messages.map((one) => (
				<Bubble
					key={one.id}
					message={one}
					thread={thread}
					handset={handset}
					language={language}
					last={one === own}
				/>
			))}
			{thread.starters && thread.messages.length === 0 && (
				<div class="phone-starters">
					{thread.starters.map((button) => (
						<Tap key={button.id} button={button} onTap={() => handset.tap(thread.integration, button)} />
					))}
				</div>
			)}
			{thread.typing && (
				<p class="phone-typing" role="status">
					<span aria-hidden="true" class="dots">
						<i />
						<i />
						<i />
					</span>
					<span class="hidden">{words.typing(thread.account)}</span>
				</p>
			)}
		</div>
	);
}
