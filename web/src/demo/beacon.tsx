import { useEffect, useRef, useState } from "preact/hooks";
import type { Hint } from "./story.js";
import { instead, type Parts, target } from "./target.js";

/** How often the pages of the parts are looked at, in milliseconds: nothing tells when they change. */
const pace = 200;

/** How far the ring is from what it is around, in pixels. */
const gap = 6;

/** Where a ring is, in pixels of the page. */
interface Ring {
	left: number;
	top: number;
	width: number;
	height: number;
	radius: string;
}

/** The next step as it can be done now, and the ring around what is pressed for it. */
export function useBeacon(asked: Hint, parts: () => Parts): { hint: Hint; ring: Ring | undefined } {
	const [seen, setSeen] = useState<{ hint: Hint; ring: Ring | undefined }>({ hint: asked, ring: undefined });
	const last = useRef<Element>(undefined);
	useEffect(() => {
		const look = () => {
			if (document.visibilityState !== "visible") return;
			const now = parts();
			const hint = instead(asked, now);
			const element = target(hint, now);
			// Brought into sight once: after that, whoever scrolls away wants to look elsewhere.
			if (element !== last.current) element?.scrollIntoView({ block: "nearest" });
			last.current = element;
			const ring = element && ringAround(element);
			setSeen((before) =>
				JSON.stringify(before) === JSON.stringify({ hint, ring }) ? before : { hint, ring },
			);
		};
		look();
		const timer = setInterval(look, pace);
		return () => clearInterval(timer);
	}, [asked]);
	return seen;
}

/** The ring around an element; none where it is out of sight, or where somebody writes already. */
function ringAround(element: Element): Ring | undefined {
	const frame = element.ownerDocument.defaultView?.frameElement;
	if (
		element.matches("textarea:focus, :has(textarea:focus)") ||
		frame?.checkVisibility({ visibilityProperty: true }) === false
	)
		return undefined;
	const box = element.getBoundingClientRect();
	const page = element.ownerDocument.documentElement;
	if (box.bottom > page.clientHeight || box.top < 0) return undefined;
	const around = frame?.getBoundingClientRect();
	const radius = getComputedStyle(element).borderTopLeftRadius;
	return {
		left: Math.round((around?.left ?? 0) + box.left - gap),
		top: Math.round((around?.top ?? 0) + box.top - gap),
		width: Math.round(box.width + 2 * gap),
		height: Math.round(box.height + 2 * gap),
		radius: radius.endsWith("%") ? radius : `${(Number.parseFloat(radius) || 4) + gap}px`,
	};
}

/** The ring around what is pressed next, for the eye alone: the hint says it in words. */
export function Beacon({ ring }: { ring: Ring | undefined }) {
	if (!ring) return null;
	const { left, top, width, height, radius } = ring;
	return (
		<i
			class="beacon"
			aria-hidden="true"
			style={{
				left: `${left}px`,
				top: `${top}px`,
				inlineSize: `${width}px`,
				blockSize: `${height}px`,
				borderRadius: radius,
			}}
		/>
	);
}
