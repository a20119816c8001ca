/** Texts that are there to be taken elsewhere. */

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Glyph } from "./glyph.js";

/** What a copy button says. */
export interface CopyWords {
	copy: string;
	copied: string;
}

/** How long a button says that it has copied. */
const copiedFor = 2000;

/** A button that copies a text; its name says what. */
export function CopyButton({
	text,
	what,
	words,
	onDenied,
}: {
	text: string;
	what: string;
	words: CopyWords;
	/** The browser does not let the page copy, as over plain HTTP. */
	onDenied?: () => void;
}) {
	const [copied, setCopied] = useState(false);
	const back = useRef(0);
	useEffect(() => () => clearTimeout(back.current), []);
	const copy = async () => {
		try {
			await navigator.clipboard.writeText(text);
		} catch {
			onDenied?.();
			return;
		}
		setCopied(true);
		clearTimeout(back.current);
		back.current = window.setTimeout(() => setCopied(false), copiedFor);
	};
	return (
		<button type="button" class="button copy" onClick={copy}>
			<Glyph name={copied ? "check" : "copy"} />
			<span aria-live="polite">{copied ? words.copied : words.copy}</span>
			<span class="hidden"> {what}</span>
		</button>
	);
}

/** A text that cannot be changed, with its name and a button that copies it. */
export function CopyField({
	label,
	text,
	hint,
	words,
	rows,
}: {
	label: string;
	text: string;
	hint?: string;
	words: CopyWords;
	/** The lines of one that is long. */
	rows?: number;
}) {
	const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
	const id = useId();
	const select = () => {
		field.current?.focus();
		field.current?.select();
	};
	return (
		<div class="field copy-field">
			<label for={id}>{label}</label>
			{rows ? (
				<textarea
					id={id}
					ref={field}
					class="input code"
					dir="ltr"
					readOnly
					rows={rows}
					value={text}
					spellcheck={false}
				/>
			) : (
				<input
					id={id}
					ref={field}
					class="input code"
					dir="ltr"
					readOnly
					value={text}
					spellcheck={false}
					onFocus={select}
				/>
			)}
			<CopyButton text={text} what={label} words={words} onDenied={select} />
			{hint ? <p class="hint">{hint}</p> : null}
		</div>
	);
}
