/** A button with a menu, as the ARIA Authoring Practices have it. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";

/** An entry of a menu. */
export interface MenuItem {
	/** What it says, by which it is found when its beginning is typed. */
	text: string;
	/** How it is drawn, where not as its text alone. */
	drawn?: ComponentChildren;
	/** It is one of a choice: whether it is the one. */
	checked?: boolean;
	/** It is shown and cannot be chosen. What is drawn says why. */
	disabled?: boolean;
	/** It was chosen; the menu is closed. */
	choose(): void;
}

/** How a menu looks and what it has. */
export interface MenuProps {
	/** The name of the button. */
	label: string;
	/** What the button shows. */
	children: ComponentChildren;
	/** Classes of the button. */
	class?: string;
	/** What stands above the entries, and names the menu; the label if not said. */
	title?: string;
	/** The mouse opens it by being over it. */
	hovers?: boolean;
	/** It opens above its button. */
	up?: boolean;
	items: readonly MenuItem[];
}

/** Milliseconds: how long a mouse has to rest to open it, may leave before it closes, and typing goes on. */
const resting = 80;
const leaving = 300;
const typing = 600;

/** A button that opens a menu: by click, by keys, and where wanted by hovering. */
export function Menu({ label, children, title, hovers, up, items, ...more }: MenuProps) {
	const id = useId();
	const whole = useRef<HTMLDivElement>(null);
	const button = useRef<HTMLButtonElement>(null);
	const typed = useRef({ text: "", at: 0 });
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	// Which entry has the focus; -1 while the menu is open by hovering, and has none.
	const [at, setAt] = useState<number>();
	const open = at !== undefined && items.length > 0;

	const close = (back: boolean) => {
		clearTimeout(timer.current);
		if (back) button.current?.focus();
		setAt(undefined);
	};
	const enter = () => {
		clearTimeout(timer.current);
		setAt(0);
	};
	const later = (wait: number, then: () => void) => {
		clearTimeout(timer.current);
		timer.current = setTimeout(then, wait);
	};
	useEffect(() => () => clearTimeout(timer.current), []);
	// At once, both: the next key is for the entry, and a press elsewhere has to close the menu, too.
	useLayoutEffect(() => {
		if (open && at >= 0) entries(whole.current)[Math.min(at, items.length - 1)]?.focus();
	}, [open, at]);
	useLayoutEffect(() => {
		if (!open) return;
		const elsewhere = (event: Event) => event.composedPath().includes(whole.current as Node) || close(false);
		// Whoever hovers has the focus somewhere else, and may not want to see it.
		const dismiss = (event: KeyboardEvent) => {
			if (event.key !== "Escape") return;
			const root = whole.current?.getRootNode();
			if (root && event.composedPath().includes(root)) event.stopPropagation();
			close(at >= 0);
		};
		document.addEventListener("pointerdown", elsewhere, true);
		document.addEventListener("keydown", dismiss, true);
		return () => {
			document.removeEventListener("pointerdown", elsewhere, true);
			document.removeEventListener("keydown", dismiss, true);
		};
	}, [open, at]);

	const choose = (item: MenuItem) => {
		if (item.disabled) return;
		close(true);
		item.choose();
	};
	const onButtonKey = (event: KeyboardEvent) => {
		if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
		event.preventDefault();
		setAt(event.key === "ArrowDown" ? 0 : items.length - 1);
	};
	const onKey = (event: KeyboardEvent) => {
		if (at === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
		if (event.key === "Tab") return close(true); // and the key goes on from the button
		let next = move(event.key, at, items.length);
		if (next !== undefined) typed.current.text = "";
		else if (event.key.length === 1 && event.key !== " ") {
			const { text, at: when } = typed.current;
			typed.current = {
				text: event.timeStamp - when > typing ? event.key : text + event.key,
				at: event.timeStamp,
			};
			next = find(items, typed.current.text, at);
		}
		if (next === undefined) return;
		event.preventDefault();
		setAt(next);
	};
	return (
		<div
			ref={whole}
			class={`menu${up ? " up" : ""}`}
			onPointerEnter={(event) => {
				if (!hovers || event.pointerType !== "mouse") return;
				later(resting, () => setAt((now) => now ?? -1));
			}}
			onPointerLeave={(event) => {
				if (!hovers || event.pointerType !== "mouse") return;
				later(leaving, () => setAt((now) => (now === -1 ? undefined : now)));
			}}
		>
			<button
				ref={button}
				type="button"
				class={more.class ?? "button plain icon"}
				aria-label={label}
				aria-haspopup="menu"
				aria-expanded={open}
				aria-controls={open ? id : undefined}
				onClick={() => (open && at >= 0 ? close(true) : enter())}
				onKeyDown={onButtonKey}
			>
				{children}
			</button>
			{open && (
				<div class="menu-sheet">
					{title && (
						<p class="menu-title" id={`${id}-title`}>
							{title}
						</p>
					)}
					<div
						role="menu"
						id={id}
						aria-labelledby={title && `${id}-title`}
						aria-label={title ? undefined : label}
						onKeyDown={onKey}
					>
						{items.map((item, place) => (
							<button
								key={place}
								type="button"
								class="menu-item"
								{...(item.checked === undefined
									? { role: "menuitem" }
									: { role: "menuitemradio", "aria-checked": item.checked })}
								aria-disabled={item.disabled}
								tabIndex={place === at ? 0 : -1}
								onClick={() => choose(item)}
							>
								{item.drawn ?? item.text}
							</button>
						))}
					</div>
				</div>
			)}
		</div>
	);
}

function entries(whole: HTMLElement | null): HTMLElement[] {
	return [...(whole?.querySelectorAll<HTMLElement>(".menu-item") ?? [])];
}

/** The entry that a key leads to from another; none where it leads nowhere. */
export function move(key: string, at: number, count: number): number | undefined {
	switch (key) {
		case "ArrowDown":
			return (at + 1) % count;
		case "ArrowUp":
			return (Math.max(at, 0) + count - 1) % count;
		case "Home":
			return 0;
		case "End":
			return count - 1;
	}
	return undefined;
}

/** The next entry that begins with a text; the same letter again goes on to the next. */
export function find(items: readonly { text: string }[], typed: string, at: number): number | undefined {
	const text = typed.toLowerCase();
	const [first = ""] = text;
	const repeated = text === first.repeat(text.length);
	const sought = repeated ? first : text;
	for (let step = repeated ? 1 : 0; step <= items.length; step++) {
		const place = (Math.max(at, 0) + step) % items.length;
		if (items[place]?.text.toLowerCase().startsWith(sought)) return place;
	}
	return undefined;
}
