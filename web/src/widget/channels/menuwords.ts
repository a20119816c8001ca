/** What the menu of channels says, and the chat of a link whose code was brought. */

import type { Words } from "../../look/words.js";

/** The end of a number, as far as it is shown. */
const digits = /^\d+$/;

const en = {
	menu: "Continue on another app",
	connected: "Connected",
	disturbed: "Not available right now",
	notLoaded: "This page could not be loaded.",
	you: (app: string, hint: string) =>
		digits.test(hint) ? `${app} number ending in ${hint}` : `${app} account ${hint}`,
	isThisYou: "Is this you?",
	itIsMe: "Yes, this is me",
	itIsNotMe: "No",
	confirmThere: (app: string) => `Now confirm in ${app}.`,
	cancel: "Cancel",
};

const de: typeof en = {
	menu: "In einer anderen App fortsetzen",
	connected: "Verbunden",
	disturbed: "Zurzeit nicht erreichbar",
	notLoaded: "Diese Seite konnte nicht geladen werden.",
	you: (app, hint) => (digits.test(hint) ? `${app}-Nummer mit Endung ${hint}` : `${app}-Konto ${hint}`),
	isThisYou: "Sind Sie das?",
	itIsMe: "Ja, das bin ich",
	itIsNotMe: "Nein",
	confirmThere: (app) => `Bitte bestätigen Sie jetzt in ${app}.`,
	cancel: "Abbrechen",
};

export const words: Words<typeof en> = { en, de };

/** The words of one language. */
export type MenuWords = typeof en;
