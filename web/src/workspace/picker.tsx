/** A dialog in which one finds something by typing and chooses it. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Dialog } from "../look/dialog.js";
import { Glyph, type GlyphName } from "../look/glyph.js";
import { useWords } from "./said.js";

/** Choice is something that can be chosen. */
export interface Choice {
	/** What no other choice has. */
	id: string;
	text: string;
	/** More, beside it and less important. */
	hint?: string;
	glyph?: GlyphName;
	/** The key that does the same. */
	keyName?: string;
	/** It is one that is on or off. */
	checked?: boolean;
	/** The dialog stays open when it is chosen. */
	stays?: boolean;
	choose(): void;
}

/** So many are shown; who wants another types more. */
const most = 50;

/** Picker shows the choices that have all that was typed, the best first. */
export function Picker(props: {
	title: string;
	placeholder: string;
	/** What is said where there is no choice. */
	nothing?: string;
	/** The choices for what was typed; those that do not have it are left out. */
	choices(typed: string): Choice[];
	onClose(): void;
	children?: ComponentChildren;
}) {
	const words = useWords();
	const id = useId();
	const [typed, setTyped] = useState("");
	const [at, setAt] = useState(0);
	const list = useRef<HTMLDivElement>(null);
	const choices = matching(props.choices(typed.trim()), typed).slice(0, most);
	const chosen = Math.min(at, choices.length - 1);
	useEffect(() => list.current?.children[chosen]?.scrollIntoView({ block: "nearest" }), [chosen, typed]);
	const choose = (choice: Choice | undefined) => {
		if (!choice) return;
		if (!choice.stays) props.onClose();
		else setTyped("");
		choice.choose();
	};
	return (
		<Dialog title={props.title} onClose={props.onClose}>
			<div class="picker">
				<input
					class="input"
					type="text"
					role="combobox"
					aria-label={props.title}
					aria-expanded={true}
					aria-controls={id}
					aria-autocomplete="list"
					aria-activedescendant={choices[chosen] && `${id}-${chosen}`}
					placeholder={props.placeholder}
					autocomplete="off"
					spellcheck={false}
					maxLength={100}
					value={typed}
					onInput={(event) => {
						setTyped(event.currentTarget.value);
						setAt(0);
					}}
					onKeyDown={(event) => {
						if (event.isComposing) return;
						const count = Math.max(1, choices.length);
						if (event.key === "ArrowDown") setAt((chosen + 1) % count);
						else if (event.key === "ArrowUp") setAt((chosen + count - 1) % count);
						else if (event.key === "Enter") choose(choices[chosen]);
						else return;
						event.preventDefault();
					}}
				/>
				<div
					ref={list}
					id={id}
					class="choices"
					role="listbox"
					tabIndex={-1}
					aria-label={props.title}
					aria-multiselectable={choices.some((one) => one.stays)}
				>
					{choices.map((choice, place) => (
						// biome-ignore lint/a11y/useKeyWithClickEvents: the field takes the keys
						<div
							key={choice.id}
							id={`${id}-${place}`}
							class={place === chosen ? "choice at" : "choice"}
							role="option"
							tabIndex={-1}
							aria-selected={choice.checked ?? place === chosen}
							onPointerMove={() => setAt(place)}
							onClick={() => choose(choice)}
						>
							{choice.checked === undefined ? (
								choice.glyph && <Glyph name={choice.glyph} />
							) : (
								<span class="choice-check">{choice.checked && <Glyph name="check" />}</span>
							)}
							<bdi class="grow">{choice.text}</bdi>
							{choice.hint && <bdi class="soft">{choice.hint}</bdi>}
							{choice.keyName && <kbd>{choice.keyName}</kbd>}
						</div>
					))}
				</div>
				<p class={choices.length > 0 ? "hidden" : "soft"} role="status">
					{choices.length > 0 ? words.found(choices.length) : (props.nothing ?? words.nothingFound)}
				</p>
				{props.children}
			</div>
		</Dialog>
	);
}

/** The choices that have every word of what was typed, first those that begin with it. */
export function matching(choices: readonly Choice[], typed: string): Choice[] {
	const sought = folded(typed).split(/\s+/).filter(Boolean);
	if (sought.length === 0) return [...choices];
	const found: { choice: Choice; rank: number }[] = [];
	for (const choice of choices) {
		const text = folded(`${choice.text} ${choice.hint ?? ""}`);
		if (!sought.every((word) => text.includes(word))) continue;
		found.push({ choice, rank: text.startsWith(sought[0] ?? "") ? 0 : 1 });
	}
	return found.sort((one, other) => one.rank - other.rank).map(({ choice }) => choice);
}

/** A text without case and accents: who seeks Jose finds José. */
function folded(text: string): string {
	return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
