/** What the menu of channels says, and what stands in for a page that has not come. */

import type { Words } from "../../look/words.js";

const en = {
	menu: "Continue on another app",
	connected: "Connected",
	disturbed: "Not available right now",
	notLoaded: "This page could not be loaded.",
};

const de: typeof en = {
	menu: "In einer anderen App fortsetzen",
	connected: "Verbunden",
	disturbed: "Zurzeit nicht erreichbar",
	notLoaded: "Diese Seite konnte nicht geladen werden.",
};

export const words: Words<typeof en> = { en, de };

/** The words of one language. */
export type MenuWords = typeof en;
