/**
 * The chat as customers see it, drawn by the widget's own code from a widget that is not
 * saved. It has no session and asks the server for nothing.
 */

import type { LineJson, WidgetJson } from "../../gen/weiche/widget/v1/widget_pb.js";
import type { Language } from "../../look/words.js";
import { accentOf } from "../../widget/accent.js";
import { Conversation } from "../../widget/conversation.js";
import { Kept } from "../../widget/kept.js";
import { draw } from "../../widget/panel.js";

/** What there is to be seen. */
export interface Shown {
	widget: WidgetJson;
	language: Language;
	/** What a customer has written, as an example. */
	example: string;
}

/** A chat that is looked at. */
export interface Chat {
	/** Shows another widget, or it in another language. */
	show(shown: Shown): void;
	/** Ends it. */
	remove(): void;
}

/** A conversation of nobody: whatever would be asked for never comes. */
class NoConversation extends Conversation {
	override call<_, Response>(): Promise<Response> {
		return new Promise(() => {});
	}
}

/** Draws a chat into a place, where it cannot be pressed. */
export function drawChat(place: HTMLElement, first: Shown): Chat {
	place.inert = true;
	place.ariaHidden = "true";
	const shadow = place.shadowRoot ?? place.attachShadow({ mode: "open" });
	const root = document.createElement("div");
	root.className = "root";
	const placed = new CSSStyleSheet();
	// The panel would be as high as the window; here it is as high as its place.
	placed.replaceSync(
		":host{display:block}.root{all:initial}.root .panel.page{position:absolute;inset:0;block-size:100%;border:0}",
	);
	shadow.adoptedStyleSheets = [placed];
	shadow.replaceChildren(root);
	let now = first;
	const conversation = new NoConversation(
		location.origin,
		"preview",
		new Kept("preview"),
		() => now.language,
	);
	const frame = { element: place, root, launcher: undefined, widget: "preview", origin: location.origin };
	const drawn = draw({ frame, conversation, language: first.language, close() {} });
	const show = (shown: Shown) => {
		now = shown;
		const accent = accentOf(shown.widget.appearance?.accent ?? "");
		root.lang = shown.language;
		set(root, "--fill", accent?.fill ?? "var(--accent)");
		set(root, "--on-fill", accent?.on ?? "var(--on-accent)");
		set(root, "--accent", accent && `light-dark(${accent.light}, ${accent.dark})`);
		conversation.store.update((state) => ({
			...state,
			phase: "ready",
			open: true,
			widget: shown.widget,
			lines: [exampleOf(shown.example)],
		}));
		void drawn.then((chat) => chat.speak(shown.language));
	};
	show(first);
	return {
		show,
		remove() {
			void drawn.then((chat) => chat.remove());
			conversation.close();
			root.remove();
		},
	};
}

/** A message of a customer's, whose bubble has the colour. */
function exampleOf(body: string): LineJson {
	return {
		place: "1",
		messageId: "example",
		author: "AUTHOR_CUSTOMER",
		channel: "widget",
		content: { parts: [{ text: { body } }] },
		at: new Date().toISOString(),
		state: "sent",
	};
}

function set(element: HTMLElement, property: string, value: string | undefined): void {
	if (value) element.style.setProperty(property, value);
	else element.style.removeProperty(property);
}
