/** States of the widget's conversation, drawn as the widget draws them. */

import type { LineJson, WidgetJson } from "../gen/weiche/widget/v1/widget_pb.js";
import "../look/page.css";
import launcher from "../loader/launcher.css" with { type: "text" };
import type { Language } from "../look/words.js";
import { Conversation } from "../widget/conversation.js";
import { Kept } from "../widget/kept.js";
import { drawLauncher, dressLauncher } from "../widget/launcher.js";
import { draw } from "../widget/panel.js";
import { blank, broughtLink, type State, unread } from "../widget/state.js";
import type { GalleryState } from "./state.js";

/** Still is a conversation without a server: nothing that is asked is answered, and no line is new. */
class Still extends Conversation {
	override async again(): Promise<undefined> {}

	override call<Request, Response>(_method: string, _request: Request): Promise<Response> {
		return new Promise(() => {});
	}
}

const widget: WidgetJson = {
	widgetId: "gallery",
	site: "blue-shop.example",
	languages: ["en", "de"],
	appearance: {
		title: "Blue Shop",
		replyTime: "REPLY_TIME_MINUTES",
		greeting: {
			en: "Hello! Ask us anything about your order.",
			de: "Hallo! Fragen Sie uns alles zu Ihrer Bestellung.",
		},
	},
	channels: [{ integrationId: "wa", channel: "whatsapp", name: "Blue Shop" }],
};

let place = 0;

function line(minute: number, author: "own" | "kim" | "ben", text: string, more: LineJson = {}): LineJson {
	place++;
	return {
		place: String(place),
		messageId: `m${place}`,
		author: author === "own" ? "AUTHOR_CUSTOMER" : "AUTHOR_AGENT",
		agentName: { own: undefined, kim: "Kim Berg", ben: "Ben" }[author],
		channel: "widget",
		state: "sent",
		at: new Date(2026, 10, 20, 14, minute).toISOString(),
		content: { parts: [{ text: { body: text } }] },
		...more,
	};
}

function about(minute: number, what: "linked" | "disconnected"): LineJson {
	return { ...line(minute, "own", ""), author: "AUTHOR_SYSTEM", channel: "whatsapp", about: what };
}

const talk = [
	line(1, "own", "Hello, where is my order? It is https://blue-shop.example/orders/1234"),
	line(1, "own", "It should have come on Monday."),
	line(3, "kim", "Hello! Let me look."),
	line(4, "kim", "It left our house on Friday, so it should be with you tomorrow. Sorry for the delay!"),
	line(6, "own", "Thank you!", { state: "read" }),
];

const crossed = [
	...talk,
	about(8, "linked"),
	line(9, "own", "I am on the train now", { channel: "whatsapp" }),
	line(9, "own", "Can I change the address?", { channel: "whatsapp", edited: true }),
	line(11, "ben", "Of course. Where should it go?", { channel: "whatsapp", reactions: [{ emoji: "+1" }] }),
	line(12, "ben", "I have written it down.", { intendedChannel: "whatsapp" }),
	line(13, "own", "", { erased: true, channel: "whatsapp" }),
	about(15, "disconnected"),
];

const kinds = [
	line(1, "kim", "", {
		content: { parts: [{ media: { kind: "MEDIA_KIND_DOCUMENT", fileName: "Invoice 2026-11.pdf" } }] },
		media: [{ state: "ready", url: "/file", size: "48211" }],
	}),
	line(2, "kim", "", {
		content: { parts: [{ media: { kind: "MEDIA_KIND_IMAGE" } }] },
		media: [{ state: "fetching" }],
	}),
	line(3, "kim", "", {
		content: { parts: [{ media: { kind: "MEDIA_KIND_VIDEO" } }] },
		media: [{ state: "failed" }],
	}),
	line(3, "ben", "", {
		content: { parts: [{ media: { kind: "MEDIA_KIND_IMAGE", fileName: "chair.jpg" } }] },
		media: [{ state: "ready", url: "/gone.jpg", width: 480, height: 320 }],
	}),
	line(4, "own", "", {
		channel: "whatsapp",
		content: { parts: [{ location: { name: "Blue Shop", address: "1 Harbour Road" } }] },
	}),
	line(5, "own", "", { channel: "whatsapp", content: { parts: [{ unsupported: { type: "poll" } }] } }),
	line(6, "own", "שלום, איפה ההזמנה שלי?"),
	line(7, "own", "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen ".repeat(3).trim()),
];

const soon = () => new Date(Date.now() + 3_600_000).toISOString();

const phone: [number, number] = [320, 640];

const there: Partial<State> = {
	phase: "ready",
	open: true,
	conversationId: "c",
	repliesTo: "widget",
	lines: talk,
};

/** The states of the conversation. */
export const states: GalleryState[] = [
	state("nothing said yet", { phase: "ready", open: true }),
	state("nobody there", {
		phase: "ready",
		open: true,
		widget: { ...widget, awayUntil: soon() },
	}),
	state("a conversation", there),
	state("a conversation on a phone", there, phone),
	state("over several channels", { ...there, lines: crossed, movedBack: undefined }),
	state("replies go to WhatsApp", { ...there, lines: crossed.slice(0, 9), repliesTo: "whatsapp" }),
	state("files and what cannot be shown", { ...there, lines: kinds }),
	state("sending and not sent", {
		...there,
		pending: [
			{ token: "a", text: "This was refused", at: Date.now(), state: "failed" },
			{ token: "b", text: "This is on its way", at: Date.now(), state: "sending" },
		],
	}),
	state("not sent, as its files are gone", {
		...there,
		pending: [
			{
				token: "a",
				text: "Here is the bill",
				at: Date.now(),
				state: "failed",
				lost: true,
				attachments: [
					{ blobId: "b", name: "Bill of November 2026.pdf", mimeType: "application/pdf", size: 48_211 },
				],
			},
		],
	}),
	state("an agent types", { ...there, typing: "Kim Berg" }),
	state("offline", { ...there, away: true }),
	state("loading", { phase: "loading", open: true }),
	state("not reachable", { phase: "failed", open: true }),
	state("not reachable on a phone", { phase: "failed", open: true }, phone),
	state("closed, with a question", {
		...there,
		open: false,
		links: [{ linkId: "l", channel: "whatsapp", state: "LINK_STATE_MATCHED", asks: true }],
	}),
	state("closed, with new messages", { ...there, open: false, lines: talk.slice(0, 4) }),
	state("too much text", there, undefined, "Too long. ".repeat(411)),
];

function state(name: string, known: Partial<State>, size?: [number, number], draft = ""): GalleryState {
	return {
		name,
		size,
		draw: (language) => drawn(language, { ...blank, widget, ...known }, draft),
	};
}

function drawn(language: Language, known: State, draft: string): HTMLElement {
	const page = document.createElement("main");
	const heading = document.createElement("h1");
	heading.textContent = "Blue Shop";
	const element = document.createElement("div");
	page.append(heading, element);
	const shadow = element.attachShadow({ mode: "open" });
	const sheet = new CSSStyleSheet();
	sheet.replaceSync(launcher);
	shadow.adoptedStyleSheets = [sheet];
	const root = document.createElement("section");
	root.className = "root";
	root.ariaLabel = "Chat";
	root.lang = language;
	root.dir = document.documentElement.dir;
	root.style.colorScheme = document.documentElement.style.colorScheme;
	for (const side of ["block", "inline"]) root.style.setProperty(`--offset-${side}`, "20px");
	const button = document.createElement("button");
	root.append(button);
	shadow.append(root);
	// Nothing of an earlier state is kept on this device.
	const kept = new Kept("gallery");
	kept.forget();
	kept.draft = draft;
	const conversation = new Still("", "gallery", kept, () => language);
	conversation.store.update(() => known);
	dressLauncher(button);
	drawLauncher(button, language, known.open, unread(known), !!broughtLink(known)?.asks);
	const frame = { element, root, launcher: button, widget: "gallery", origin: "" };
	// A dialog opens in a page only.
	queueMicrotask(() => draw({ frame, conversation, language, close: () => {} }));
	return page;
}
