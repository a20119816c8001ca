/**
 * The widget, which the loader loads: it holds the conversation and says on the button
 * what waits. What is drawn in the panel comes with its first opening, in panel.js.
 */

import type { Frame, VisitorToken, Widget } from "../loader/element.js";
import { deviceLanguage, type Language, languageOf } from "../look/words.js";
import { accentOf } from "./accent.js";
import { Conversation } from "./conversation.js";
import type { Drawn } from "./drawn.js";
import { Kept } from "./kept.js";
import { drawLauncher, dressLauncher } from "./launcher.js";
import { broughtLink, type State, unread } from "./state.js";

/** Puts a widget into what the loader has drawn. */
export function mount(frame: Frame): Widget {
	const { element, root, launcher } = frame;
	const kept = new Kept(frame.widget);
	const conversation = new Conversation(frame.origin, frame.widget, kept, () => language);
	let language = pickLanguage(element, undefined);
	let drawing: Promise<void> | undefined;
	let drawn: Drawn | undefined;
	let last: State | undefined;
	let removed = false;

	const draw = async () => {
		try {
			const german = language === "de" && import("./words.de.js");
			const [{ draw }] = await Promise.all([import("./panel.js"), german]);
			drawn = await draw({ frame, conversation, language, close });
			if (removed) drawn.remove();
			else drawn.speak(language);
		} catch {
			// It did not come: the button can be pressed again.
			drawing = undefined;
			show(false);
		}
	};
	const show = (open: boolean) => conversation.store.update((state) => ({ ...state, open }));
	const open = () => {
		if (!drawing) drawing = draw();
		show(true);
		void conversation.start();
	};
	const close = () => {
		if (!launcher || !conversation.store.value.open) return;
		show(false);
		launcher.focus();
	};
	const changed = () => {
		const state = conversation.store.value;
		if (state.widget !== last?.widget) {
			language = pickLanguage(element, state.widget?.languages);
			root.lang = language;
			colour(root, state.widget?.appearance?.accent);
			drawn?.speak(language);
		}
		if (launcher) drawLauncher(launcher, language, state.open, unread(state), !!broughtLink(state)?.asks);
		tell(element, last, state);
		last = state;
	};
	if (launcher) dressLauncher(launcher);
	const stopWatching = conversation.store.watch(changed);
	changed();
	root.lang = language;
	if (conversation.known) void conversation.start();

	return {
		open,
		close,
		login: (token: VisitorToken) => conversation.session.signIn(token),
		logout: () => conversation.session.signOut(),
		remove() {
			removed = true;
			stopWatching();
			conversation.close();
			drawn?.remove();
		},
	};
}

/** The visitor's language, among those of the widget: the page's word for it counts most. */
function pickLanguage(element: HTMLElement, of: readonly string[] | undefined): Language {
	const wanted = element.lang ? [element.lang] : [deviceLanguage()];
	const language = languageOf(wanted);
	const spoken = (of ?? []).map((tag) => tag.split("-")[0]);
	return element.lang || spoken.length === 0 || spoken.includes(language)
		? language
		: languageOf(spoken as string[]);
}

/** Gives everything the business's colour. */
function colour(root: HTMLElement, hex = ""): void {
	const accent = accentOf(hex);
	if (!accent) return;
	root.style.setProperty("--fill", accent.fill);
	root.style.setProperty("--on-fill", accent.on);
	root.style.setProperty("--accent", `light-dark(${accent.light}, ${accent.dark})`);
}

/** Tells the page what happened. */
function tell(element: HTMLElement, before: State | undefined, now: State): void {
	const count = unread(now);
	if (count !== (before ? unread(before) : 0)) {
		element.dispatchEvent(new CustomEvent("unread", { detail: { count } }));
	}
	for (const channel of now.widget?.channels ?? []) {
		const was = before?.widget?.channels?.find((other) => other.integrationId === channel.integrationId);
		if (channel.linked && was && !was.linked) {
			element.dispatchEvent(new CustomEvent("linked", { detail: { channel: channel.channel } }));
		}
	}
}
