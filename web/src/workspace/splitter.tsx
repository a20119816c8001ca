/** A border between two panes that can be moved. */

import { useRef } from "preact/hooks";
import { useStore } from "../look/store.js";
import { widths } from "./preferences.js";
import { useWorkspace } from "./workspace.js";

/** How far an arrow key moves it, in pixels. */
const step = 16;

/** Splitter makes a pane wider and narrower: by pointer, and by arrows, Home and End. */
export function Splitter({
	pane,
	controls,
	label,
}: {
	pane: "list" | "context";
	controls: string;
	label: string;
}) {
	const { chosen } = useWorkspace();
	const width = useStore(chosen, (all) => all[pane]);
	const grip = useRef<{ x: number; width: number }>(undefined);
	const { least, usual, most } = widths[pane];
	const put = (wanted: number) =>
		chosen.choose({ [pane]: Math.round(Math.min(most, Math.max(least, wanted))) });
	// The list grows with what is to its end, the context with what is to its start; in
	// a page from right to left both the other way round.
	const grows = (element: Element) =>
		(pane === "list" ? 1 : -1) * (getComputedStyle(element).direction === "rtl" ? -1 : 1);
	return (
		// biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved
		<div
			class={`splitter ${pane}-splitter`}
			role="separator"
			tabIndex={0}
			aria-orientation="vertical"
			aria-controls={controls}
			aria-label={label}
			aria-valuenow={width}
			aria-valuemin={least}
			aria-valuemax={most}
			onDblClick={() => put(usual)}
			onPointerDown={(event) => {
				grip.current = { x: event.clientX, width };
				event.currentTarget.setPointerCapture(event.pointerId);
			}}
			onPointerMove={(event) => {
				if (!grip.current) return;
				put(grip.current.width + grows(event.currentTarget) * (event.clientX - grip.current.x));
			}}
			onPointerUp={() => {
				grip.current = undefined;
			}}
			onPointerCancel={() => {
				grip.current = undefined;
			}}
			onKeyDown={(event) => {
				const side = grows(event.currentTarget) * step;
				const to = { ArrowRight: width + side, ArrowLeft: width - side, Home: least, End: most }[event.key];
				if (to === undefined) return;
				event.preventDefault();
				put(to);
			}}
		/>
	);
}
