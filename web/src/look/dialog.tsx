/** Dialogs: one thing at a time, above the page. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";

/**
 * A dialog above the page. It takes the focus, keeps it, and gives it back to where it
 * was; Escape closes it. Its user draws it as long as it is open.
 */
export function Dialog({
	title,
	onClose,
	children,
}: {
	title: string;
	onClose: () => void;
	children: ComponentChildren;
}) {
	const dialog = useRef<HTMLDialogElement>(null);
	const heading = useId();
	useLayoutEffect(() => {
		const shown = dialog.current;
		const before = document.activeElement;
		shown?.showModal();
		return () => {
			shown?.close();
			if (before instanceof HTMLElement && before.isConnected) before.focus();
		};
	}, []);
	return (
		<dialog
			ref={dialog}
			class="dialog"
			aria-labelledby={heading}
			onCancel={(event) => {
				event.preventDefault();
				onClose();
			}}
		>
			<h2 id={heading}>{title}</h2>
			{children}
		</dialog>
	);
}

/** What a question says. */
export interface Question {
	title: string;
	text?: string;
	/** The button that does it. */
	yes: string;
	/** The button that does not. */
	no: string;
	/** It takes something away. */
	danger?: boolean;
}

/** A dialog that asks before something is done. While that runs it cannot be done again. */
export function Ask({
	question,
	onYes,
	onNo,
	children,
}: {
	question: Question;
	onYes: () => void | Promise<void>;
	onNo: () => void;
	children?: ComponentChildren;
}) {
	const [busy, setBusy] = useState(false);
	const there = useRef(true);
	useEffect(
		() => () => {
			there.current = false;
		},
		[],
	);
	const yes = async () => {
		if (busy) return;
		setBusy(true);
		try {
			await onYes();
		} finally {
			if (there.current) setBusy(false);
		}
	};
	return (
		<Dialog title={question.title} onClose={onNo}>
			{question.text ? <p class="dialog-text">{question.text}</p> : null}
			{children}
			<div class="dialog-buttons">
				<button type="button" class="button" onClick={onNo}>
					{question.no}
				</button>
				<button
					type="button"
					class={question.danger ? "button danger" : "button primary"}
					aria-disabled={busy}
					onClick={yes}
				>
					{question.yes}
				</button>
			</div>
		</Dialog>
	);
}
