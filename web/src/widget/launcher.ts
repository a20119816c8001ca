/** The button that the loader drew, once there is something to say on it. */

import { type Language, plural, type Words } from "../look/words.js";
import css from "./badge.css" with { type: "text" };

const en = {
	open: "Open chat",
	unread: (n: number) => `Open chat, ${plural("en", n, "# new message", "# new messages")}`,
	close: "Close chat",
};

const de: typeof en = {
	open: "Chat öffnen",
	unread: (n) => `Chat öffnen, ${plural("de", n, "# neue Nachricht", "# neue Nachrichten")}`,
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

/** Draws whether the panel is open, and how many messages wait. */
export function drawLauncher(
	button: HTMLButtonElement,
	language: Language,
	open: boolean,
	unread: number,
): void {
	const say = words[language];
	button.ariaExpanded = String(open);
	button.ariaLabel = open ? say.close : unread > 0 ? say.unread(unread) : say.open;
	let badge = button.querySelector<HTMLElement>(".badge");
	if (open || unread === 0) {
		badge?.remove();
		return;
	}
	if (!badge) {
		badge = document.createElement("span");
		badge.className = "badge";
		badge.ariaHidden = "true";
		button.append(badge);
	}
	badge.textContent = unread > 99 ? "99+" : String(unread);
}
