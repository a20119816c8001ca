/** A chat on a page with made-up state, in its shadow root, and without a server. */

import { render } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { LineJson, WidgetJson } from "../gen/weiche/widget/v1/widget_pb.js";
import "../look/page.css";
import tokens from "../look/tokens.css" with { type: "text" };
import type { Language } from "../look/words.js";
import { Attachments } from "../widget/attachments/attachments.js";
import { type Files, noFiles } from "../widget/attachments/files.js";
import { ChatContext } from "../widget/chat.js";
import { Conversation } from "../widget/conversation.js";
import { Panel } from "../widget/dialog.js";
import { Kept } from "../widget/kept.js";
import { blank, type State } from "../widget/state.js";
import styles from "../widget/widget.css" with { type: "text" };
import { german } from "../widget/words.de.js";
import { english } from "../widget/words.js";

/** A conversation that asks nobody: calls are answered by their names, or never. */
class Scripted extends Conversation {
	constructor(
		state: Partial<State>,
		language: Language,
		private readonly answers: Record<string, unknown>,
	) {
		super("", "gallery", new Kept("gallery"), () => language);
		this.store.update(() => ({ ...blank, phase: "ready", open: true, widget: shop, ...state }));
	}

	override call<Request, Response>(method: string, _: Request): Promise<Response> {
		return method in this.answers ? Promise.resolve(this.answers[method] as Response) : new Promise(() => {});
	}
}

/** What a chat of the gallery shows. */
export interface Scene {
	language: Language;
	state?: Partial<State>;
	/** Answers to calls, by the names of the methods. */
	answers?: Record<string, unknown>;
	files?: Files;
	/** Fills the window, as on a phone; as a window of this size has it, if not said. */
	full?: boolean;
	/** Done once it is drawn, such as opening a menu. */
	after?(root: HTMLElement): void;
}

/** A page with a chat on it. */
export function ChatScene({
	language,
	state = {},
	answers = {},
	files = noFiles,
	full = matchMedia("(max-width: 479.98px)").matches,
	after,
}: Scene) {
	const host = useRef<HTMLDivElement>(null);
	useLayoutEffect(() => {
		const shadow = host.current?.attachShadow({ mode: "open" });
		if (!shadow) return;
		const sheet = new CSSStyleSheet();
		sheet.replaceSync(tokens.replaceAll(":host", ".root") + styles);
		shadow.adoptedStyleSheets = [sheet];
		const root = document.createElement("section");
		root.className = "root";
		root.ariaLabel = "Chat";
		root.lang = language;
		root.dir = document.documentElement.dir;
		root.style.setProperty("--fill", "var(--accent)");
		root.style.setProperty("--on-fill", "var(--on-accent)");
		root.style.setProperty("--offset-block", "-56px");
		root.style.setProperty("--offset-inline", "20px");
		root.style.colorScheme = document.documentElement.style.colorScheme;
		shadow.append(root);
		const conversation = new Scripted(state, language, answers);
		const attachments = new Attachments(conversation);
		attachments.store.update(() => files);
		const chat = {
			conversation,
			attachments,
			language,
			words: { en: english, de: german }[language],
			page: false,
			full,
		};
		render(
			<ChatContext.Provider value={{ ...chat, close: () => {}, announce: () => {} }}>
				<Panel announcement="" />
			</ChatContext.Provider>,
			root,
		);
		after?.(root);
	}, []);
	return (
		<>
			<main>
				<h1>Blue Shop</h1>
			</main>
			<div ref={host} />
		</>
	);
}

/** The widget of a shop that offers three channels. */
export const shop: WidgetJson = {
	widgetId: "gallery",
	site: "blue-shop.example",
	languages: ["en", "de"],
	channels: [
		{ integrationId: "whatsapp", channel: "whatsapp", name: "Blue Shop" },
		{ integrationId: "messenger", channel: "messenger", name: "Blue Shop" },
		{ integrationId: "instagram", channel: "instagram", name: "blue.shop" },
	],
	appearance: { title: "Blue Shop", replyTime: "REPLY_TIME_MINUTES" },
};

/** A line of a conversation on one morning. */
export function said(place: number, who: "customer" | "agent", text: string, more: LineJson = {}): LineJson {
	return {
		place: String(place),
		author: who === "customer" ? "AUTHOR_CUSTOMER" : "AUTHOR_AGENT",
		agentName: who === "agent" ? "Kim" : undefined,
		messageId: `m${place}`,
		channel: "widget",
		state: "sent",
		at: new Date(Date.UTC(2026, 10, 23, 8, place)).toISOString(),
		content: { parts: [{ text: { body: text } }] },
		...more,
	};
}
