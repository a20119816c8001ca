/** What to press next, found on the pages of the parts: all of them are of this origin. */

import { drawings } from "../phone/code.js";
import type { App } from "../phone/provider.js";
import { phoneWords } from "../phone/words.js";
import type { Hint } from "./story.js";

/** The parts as they are drawn. */
export interface Parts {
	shop: HTMLIFrameElement | null;
	phone: HTMLElement | null;
	workspace: HTMLIFrameElement | null;
	/** The visitor's conversation; empty before there is one. */
	conversation: string;
}

/**
 * The hint as it can be followed: a chat that fills its window shows no code, as on a phone,
 * but a button that opens the app; and who has left the page with the code has to go there.
 */
export function instead(hint: Hint, { shop }: Parts): Hint {
	const chat = hint.say === "scan" ? chatOf(shop) : undefined;
	if (!chat || drawings(chat).length > 0 || first(chat, [coming])) return hint;
	return { ...hint, place: "shop", say: first(chat, [opening]) ? "open" : "menu" };
}

/** What is pressed or written into for a hint; nothing where it cannot be seen. */
export function target(hint: Hint, parts: Parts): Element | undefined {
	switch (hint.place) {
		case "shop":
			return inShop(hint, parts.shop);
		case "phone":
			return parts.phone ? onPhone(hint, parts.phone) : undefined;
		case "workspace":
			return inWorkspace(parts);
	}
	return undefined;
}

/** The first of these that can be seen. */
function first(root: ParentNode, selectors: readonly string[]): Element | undefined {
	for (const selector of selectors) {
		const found = [...root.querySelectorAll(selector)].find(isSeen);
		if (found) return found;
	}
	return undefined;
}

function isSeen(element: Element): boolean {
	return element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
}

/** The field of a form as it is drawn, or what sends what is written in it. */
function writing(form: Element | undefined): Element | undefined {
	const field = form?.querySelector("textarea");
	if (!field) return undefined;
	const send = field.value.trim() ? form?.querySelector("[type=submit], .send") : undefined;
	return send ?? field.closest(".write") ?? field;
}

/** What opens an app on this device. */
const opening = ".channel a.button";

/** The page of an app whose code is on its way: there is nothing to press until it has come. */
const coming = ".view.over:not(:has(.outcome, .trouble)), .outcome.is-asking";

/** The way to where the customer writes, from wherever in the chat they are. */
const backToChat = [".channel .button.primary:not([href])", ".head .tool:not([aria-haspopup])"];

function chatOf(frame: HTMLIFrameElement | null): ShadowRoot | null | undefined {
	return frame?.contentDocument?.querySelector("weiche-chat")?.shadowRoot;
}

function inShop(hint: Hint, frame: HTMLIFrameElement | null): Element | undefined {
	const root = chatOf(frame);
	if (!root) return undefined;
	const launcher = first(root, ["button[aria-expanded=false]:not([aria-haspopup])"]);
	if (launcher) return launcher;
	switch (hint.say) {
		case "open":
			return first(root, [opening]);
		case "menu":
		case "menuAgain":
			// That a code waits is heard of a moment after it is there.
			if (first(root, [coming, ".outcome.is-waiting"])) return undefined;
			return inMenu(root, hint.app) ?? first(root, backToChat);
		case "disconnect":
			return (
				first(root, [".channel .danger", ".channel button.button:not(.primary)"]) ??
				inMenu(root, hint.app) ??
				first(root, backToChat)
			);
		default:
			return writing(first(root, [".composer"])) ?? first(root, backToChat);
	}
}

/** An app in the chat's menu, or the menu's button. */
function inMenu(root: ParentNode, app: App | undefined): Element | undefined {
	const name = app ? phoneWords.en.appNames[app] : "";
	const item = [...root.querySelectorAll("[role=menuitem]")].find((one) => one.textContent?.startsWith(name));
	return item ?? first(root, [".head [aria-haspopup=menu]"]);
}

function onPhone(hint: Hint, phone: HTMLElement): Element | undefined {
	const screen = hint.say === "scan" ? "camera" : hint.app;
	const shown = phone.querySelector(`.phone-dock [data-screen="${screen}"]`);
	if (!shown?.hasAttribute("aria-current")) return shown ?? undefined;
	switch (hint.say) {
		case "start":
		case "confirm":
			return first(phone, [".phone-tap:not(:disabled)"]);
		case "send":
		case "writeThere":
		case "tryWriting":
			return writing(first(phone, [".phone-composer"]));
	}
	return undefined;
}

function inWorkspace({ workspace, conversation }: Parts): Element | undefined {
	const page = workspace?.contentDocument;
	if (!page || !conversation) return undefined;
	if (page.location.pathname.endsWith(`/${conversation}`)) return writing(first(page, [".composer"]));
	return first(page, [`.row[data-id="${conversation}"]`]);
}
