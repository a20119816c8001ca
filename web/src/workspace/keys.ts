/** Keys that do something by themselves, anywhere in the page. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { useWorkspace } from "./workspace.js";

/** What keys do, by what KeyboardEvent.key says; "Mod+k" is with Control or Command. */
export type KeyBindings = Record<string, () => void>;

/** Where a letter is a letter, or chooses something. */
const typing =
	"input, textarea, select, [contenteditable]:not([contenteditable=false]), [role=menu], [role=listbox], [role=combobox]";

/** Keys knows what keys do at the moment. */
export class Keys {
	private readonly bindings = new Set<{ readonly keys: KeyBindings }>();

	/** @param on whether single keys count */
	constructor(private readonly on: () => boolean) {}

	/** Begins to listen to a page. */
	listen(page: Document): void {
		page.addEventListener("keydown", (event) => this.press(event));
	}

	/** Binds keys until what it returns is called; who binds last is asked first. */
	bind(keys: KeyBindings): () => void {
		const bound = { keys };
		this.bindings.add(bound);
		return () => this.bindings.delete(bound);
	}

	/** Does what a key does, unless it is meant for somebody else. */
	press(event: KeyboardEvent): void {
		if (event.defaultPrevented || event.isComposing || event.altKey) return;
		const target = event.target as Element | null;
		const mod = event.ctrlKey || event.metaKey;
		if (!mod && (!this.on() || target?.closest(typing))) return;
		// A dialog has the page to itself.
		if (document.querySelector("dialog:modal")) return;
		const name = mod ? `Mod+${event.key.toLowerCase()}` : event.key;
		if (this.run(name)) event.preventDefault();
	}

	/** Does what a key does at the moment; false where it does nothing. */
	run(name: string): boolean {
		const bound = [...this.bindings].findLast(({ keys }) => keys[name]);
		bound?.keys[name]?.();
		return bound !== undefined;
	}
}

/** Binds keys while the component is there. */
export function useKeys(keys: KeyBindings): void {
	const workspace = useWorkspace();
	const latest = useRef(keys);
	latest.current = keys;
	const names = Object.keys(keys).join(" ");
	// At once: what is to be seen can be done by its key.
	useLayoutEffect(() => {
		const bound: KeyBindings = {};
		for (const name of Object.keys(latest.current)) bound[name] = () => latest.current[name]?.();
		return workspace.keys.bind(bound);
	}, [names]);
}
