/**
 * The one script of a page with a chat: it draws the button of each <weiche-chat>, and
 * loads the rest when somebody presses it, or has chatted before.
 *
 *	<script async src="https://chat.example/loader.js"></script>
 *	<weiche-chat widget="shop-web"></weiche-chat>
 *
 * Calls before it has come are kept: (window.weiche ||= []).push(["open"]).
 */

import type { Frame, Module, VisitorToken, Widget } from "./element.js";
import css from "./launcher.css" with { type: "text" };

/** A call of a method of the element: its name and what it is given. */
type Call = [method: string, ...given: unknown[]];

const name = "weiche-chat";
const source = (document.currentScript as HTMLScriptElement).src;

class WeicheChat extends HTMLElement {
	#frame: Frame | undefined;
	#loading: Promise<Widget> | undefined;
	#tried = "";

	connectedCallback(): void {
		const says = (attribute: string) => this.getAttribute(attribute) ?? "";
		const shadow = this.shadowRoot ?? this.attachShadow({ mode: "open" });
		const sheet = new CSSStyleSheet();
		sheet.replaceSync(css);
		shadow.adoptedStyleSheets = [sheet];
		const page = says("layout") === "page";
		const root = document.createElement(page ? "main" : "section");
		root.ariaLabel = "Chat";
		root.className = "root";
		root.dir = says("dir") || "ltr";
		root.style.colorScheme = says("theme") || "light dark";
		for (const side of ["offset-block", "offset-inline"])
			root.style.setProperty(`--${side}`, `${says(side) || 20}px`);
		root.style.setProperty("--fill", says("accent"));
		const frame: Frame = {
			element: this,
			root,
			launcher: page ? undefined : this.#launcher(root, says("lang") || navigator.language),
			widget: says("widget"),
			origin: new URL(says("endpoint") || source).origin,
		};
		this.#frame = frame;
		shadow.replaceChildren(root);
		if (page) this.open();
		else if (known(frame.widget)) whenIdle(() => this.#load().catch(nothing));
		play();
		this.dispatchEvent(new Event("ready"));
	}

	disconnectedCallback(): void {
		this.#loading?.then((widget) => widget.remove(), nothing);
		this.#frame = this.#loading = undefined;
		this.shadowRoot?.replaceChildren();
	}

	open(): void {
		this.#load().then((widget) => widget.open(), nothing);
	}

	close(): void {
		this.#loading?.then((widget) => widget.close(), nothing);
	}

	async login(token: VisitorToken): Promise<void> {
		return (await this.#load()).login(token);
	}

	async logout(): Promise<void> {
		return (await this.#load()).logout();
	}

	/** Loads the rest, once; again where it did not come. */
	async #load(): Promise<Widget> {
		const frame = this.#frame;
		this.#loading ??= (async () => {
			try {
				// A browser may remember that a script did not come, but not by another name.
				const module: Module = await import(new URL(`widget.js${this.#tried}`, source).href);
				return module.mount(frame as Frame);
			} catch (cause) {
				this.#tried += "?";
				this.#loading = undefined;
				throw cause;
			}
		})();
		return this.#loading;
	}

	/** Draws the button. What it is called changes with the chat: see widget/launcher.ts. */
	#launcher(root: HTMLElement, language: string): HTMLButtonElement {
		const button = document.createElement("button");
		button.ariaLabel = /^de\b/i.test(language) ? "Chat öffnen" : "Open chat";
		button.ariaExpanded = "false";
		button.addEventListener("click", () => {
			this[button.ariaExpanded === "true" ? "close" : "open"]();
		});
		root.append(button);
		return button;
	}
}

/** Whether somebody has chatted on this device. */
function known(widget: string): boolean {
	try {
		return !!localStorage.getItem(`weiche:${widget}`);
	} catch {
		return false;
	}
}

/** Calls back once the page has what it needs itself. */
function whenIdle(then: () => void): void {
	const idle = () => (window.requestIdleCallback ?? setTimeout)(then);
	if (document.readyState === "complete") idle();
	else addEventListener("load", idle, { once: true });
}

function nothing(): void {}

const holder = window as unknown as { weiche?: Call[] };
holder.weiche ??= [];
const calls = holder.weiche;

/** Does what was called before, once the page has an element for it. */
function play(): void {
	const chat = document.querySelector(name) as unknown as Record<string, (...given: unknown[]) => unknown>;
	if (chat) for (const [method, ...given] of calls.splice(0)) chat[method]?.(...given);
}

if (!customElements.get(name)) {
	calls.push = (...more: Call[]) => {
		calls.splice(calls.length, 0, ...more);
		play();
		return 0;
	};
	customElements.define(name, WeicheChat);
}
