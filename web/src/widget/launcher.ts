/** The button that the loader drew, once there is something to say on it. */

import { type Language, plural, type Words } from "../look/words.js";
import css from "./badge.css" with { type: "text" };

const en = {
	open: "Open chat",
	unread: (n: number) => plural("en", n, "# new message", "# new messages"),
	asks: "1 question for you",
	close: "Close chat",
};

const de: typeof en = {
	open: "Chat öffnen",
	unread: (n) => plural("de", n, "# neue Nachricht", "# neue Nachrichten"),
	asks: "1 Frage an Sie",
	close: "Chat schließen",
};

const words: Words<typeof en> = { en, de };

/** Adds what the button needs beside the loader's styles. */
export function dressLauncher(button: HTMLButtonElement): void {
	const sheet = new CSSStyleSheet();
	sheet.replaceSync(css);
	const shadow = button.getRootNode() as ShadowRoot;
	shadow.adoptedStyleSheets = [...shadow.adoptedStyleSheets, sheet];
}

/** Draws whether the panel is open, how many messages wait, and whether a question does. */
export function drawLauncher(
	button: HTMLButtonElement,
	language: Language,
	open: boolean,
	unread: number,
	asks: boolean,
): void {
	const say = words[language];
	button.ariaExpanded = String(open);
	const waits = [unread > 0 && say.unread(unread), asks && say.asks].filter(Boolean);
	button.ariaLabel = open ? say.close : [say.open, ...waits].join(", ");
	let badge = button.querySelector<HTMLElement>(".badge");
	// A number of the name, as what is seen of a button has to be a part of that.
	const count = unread || Number(asks);
	if (open || count === 0) {
		badge?.remove();
		return;
	}
	if (!badge) {
		badge = document.createElement("span");
		badge.className = "badge";
		badge.ariaHidden = "true";
		button.append(badge);
	}
	badge.textContent = count > 99 ? "99+" : String(count);
}
