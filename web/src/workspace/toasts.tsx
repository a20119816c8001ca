/** Short words about what was just done, often with a way to take it back. */

import { useEffect, useRef } from "preact/hooks";
import { Glyph } from "../look/glyph.js";
import { Store, useStore } from "../look/store.js";
import { useWords } from "./said.js";
import { useWorkspace } from "./workspace.js";

/** How long words stay, in milliseconds. */
const stay = 8000;
/** So many are shown at once. */
const most = 3;

/** Toast is what is said. */
export interface Toast {
	text: string;
	/** It went wrong. */
	bad?: boolean;
	/** What can be done about it. */
	action?: { label: string; run(): void };
}

interface Shown extends Toast {
	number: number;
}

/** Toasts are those that are shown, the newest last. */
export class Toasts extends Store<readonly Shown[]> {
	private last = 0;

	constructor() {
		super([]);
	}

	/** Shows one; what it returns takes it away. */
	show(toast: Toast): () => void {
		const number = ++this.last;
		this.update((all) => [...all, { ...toast, number }].slice(-most));
		return () => this.hide(number);
	}

	/** Takes one away. */
	hide(number: number): void {
		this.update((all) =>
			all.some((one) => one.number === number) ? all.filter((one) => one.number !== number) : all,
		);
	}

	/** Does what the newest offers; false where none offers anything. */
	act(): boolean {
		const newest = this.value.findLast((one) => one.action);
		if (!newest?.action) return false;
		this.hide(newest.number);
		newest.action.run();
		return true;
	}
}

/** The corner in which they appear. */
export function ToastCorner() {
	const { toasts } = useWorkspace();
	const shown = useStore(toasts, (all) => all);
	return (
		<div class="toasts" role="status" aria-live="polite">
			{shown.map((toast) => (
				<ToastLine key={toast.number} toast={toast} />
			))}
		</div>
	);
}

function ToastLine({ toast }: { toast: Shown }) {
	const { toasts } = useWorkspace();
	const words = useWords();
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	const from = useRef<EventTarget | null>(null);
	const hide = () => toasts.hide(toast.number);
	/** Hides it, and gives the focus back to where it came from. */
	const leave = () => {
		hide();
		if (from.current instanceof HTMLElement && from.current.isConnected) from.current.focus();
	};
	const hold = () => clearTimeout(timer.current);
	// Who reads it, or is about to press its button, has all the time.
	const start = () => {
		hold();
		timer.current = setTimeout(hide, stay);
	};
	useEffect(() => {
		start();
		return hold;
	}, []);
	return (
		<div
			class={toast.bad ? "toast bad" : "toast"}
			onPointerEnter={hold}
			onPointerLeave={start}
			onFocusIn={({ relatedTarget, currentTarget }) => {
				hold();
				if (!currentTarget.contains(relatedTarget as Node | null)) from.current = relatedTarget;
			}}
			onFocusOut={start}
		>
			{toast.bad && <Glyph name="alert" />}
			<span dir="auto">{toast.text}</span>
			{toast.action && (
				<button
					type="button"
					class="button plain"
					onClick={() => {
						leave();
						toast.action?.run();
					}}
				>
					{toast.action.label}
				</button>
			)}
			<button type="button" class="button plain icon" aria-label={words.dismiss} onClick={leave}>
				<Glyph name="close" />
			</button>
		</div>
	);
}
