/** What an agent likes at this device: it stays in the browser. */

import { Store } from "../look/store.js";
import { deviceLanguage, type Language } from "../look/words.js";

/** Preferences are what somebody chose; what they did not is as the device says. */
export interface Preferences {
	/** The language; empty for that of the browser. */
	language: Language | "";
	/** The theme; empty for that of the device. */
	theme: "light" | "dark" | "";
	/** Single keys do something. */
	keys: boolean;
	/** How wide the list is, in pixels. */
	list: number;
	/** How wide the context is, in pixels. */
	context: number;
	/** The context is shown where there is room for it. */
	contextShown: boolean;
}

/** How wide the panes beside the conversation may be, in pixels. */
export const widths = {
	list: { least: 260, usual: 320, most: 480 },
	context: { least: 280, usual: 340, most: 520 },
} as const;

/** What counts where nobody chose. */
export const usual: Preferences = {
	language: "",
	theme: "",
	keys: true,
	list: widths.list.usual,
	context: widths.context.usual,
	contextShown: true,
};

const key = "weiche:workspace";

/** Chosen holds the preferences of this device. */
export class Chosen extends Store<Preferences> {
	/** Reads them, writes each change down, and shows the page by them. */
	static ofPage(): Chosen {
		const chosen = new Chosen(read());
		const write = () => {
			try {
				localStorage.setItem(key, JSON.stringify(chosen.value));
			} catch {
				// A browser that keeps nothing: they count until the page is closed.
			}
			show(chosen.value);
		};
		show(chosen.value);
		chosen.watch(write);
		addEventListener("storage", (event) => event.key === key && chosen.update(() => read()));
		return chosen;
	}

	/** Changes some of them. */
	choose(change: Partial<Preferences>): void {
		this.update((all) => ({ ...all, ...change }));
	}
}

/** The language of somebody with these preferences. */
export function languageBy(preferences: Preferences): Language {
	return preferences.language || deviceLanguage();
}

function read(): Preferences {
	try {
		return { ...usual, ...(JSON.parse(localStorage.getItem(key) ?? "{}") as Partial<Preferences>) };
	} catch {
		return usual;
	}
}

function show(preferences: Preferences): void {
	document.documentElement.lang = languageBy(preferences);
	document.documentElement.style.colorScheme = preferences.theme;
}
