import type { RefObject } from "preact";
import { useRef } from "preact/hooks";

/**
 * What the phone is held by, to be moved over a code. Whoever cannot drag presses Scan,
 * which does the same.
 */
export function Grip({
	moved,
	title,
	onOver,
}: {
	/** What is moved. */
	moved: RefObject<HTMLElement | null>;
	title: string;
	/** Is told where the phone is, in pixels of the page. */
	onOver: (x: number, y: number) => void;
}) {
	const from = useRef<{ x: number; y: number } | undefined>(undefined);
	const place = (x: number, y: number) => {
		const element = moved.current;
		if (!element) return;
		element.style.transform = x || y ? `translate(${x}px, ${y}px)` : "";
		element.classList.toggle("held", !!(x || y));
	};
	return (
		<span
			class="grip"
			aria-hidden="true"
			title={title}
			onPointerDown={(event) => {
				event.currentTarget.setPointerCapture(event.pointerId);
				from.current = { x: event.clientX, y: event.clientY };
			}}
			onPointerMove={(event) => {
				if (!from.current) return;
				place(event.clientX - from.current.x, event.clientY - from.current.y);
				// The camera looks out of the phone where the hand is.
				onOver(event.clientX, event.clientY);
			}}
			onPointerUp={() => {
				from.current = undefined;
				place(0, 0);
			}}
			onPointerCancel={() => {
				from.current = undefined;
				place(0, 0);
			}}
		/>
	);
}
