/** What the workspace says around the conversation. */

import type { Words } from "../look/words.js";
import { useLanguage } from "./workspace.js";

const en = {
	app: "Weiche",
	close: "Close",
	cancel: "Cancel",
	undo: "Undo",
	dismiss: "Dismiss",
	again: "Try again",
	skip: "Skip to the conversation",
	views: "Views",
	view: { mine: "Mine", unassigned: "Unassigned", all: "All", closed: "Closed" },
	conversations: "Conversations",
	conversation: "Conversation",
	details: "Details",
	listWidth: "Width of the list",
	detailsWidth: "Width of the details",
	showDetails: "Show details",
	hideDetails: "Hide details",
	back: "Back to the list",
	choose: "Choose a conversation",
	webChat: "Web chat",
};

const de: typeof en = {
	app: "Weiche",
	close: "Schließen",
	cancel: "Abbrechen",
	undo: "Rückgängig",
	dismiss: "Ausblenden",
	again: "Erneut versuchen",
	skip: "Zum Gespräch springen",
	views: "Ansichten",
	view: { mine: "Meine", unassigned: "Ohne Agent", all: "Alle", closed: "Geschlossen" },
	conversations: "Gespräche",
	conversation: "Gespräch",
	details: "Einzelheiten",
	listWidth: "Breite der Liste",
	detailsWidth: "Breite der Einzelheiten",
	showDetails: "Einzelheiten zeigen",
	hideDetails: "Einzelheiten ausblenden",
	back: "Zurück zur Liste",
	choose: "Wählen Sie ein Gespräch",
	webChat: "Web-Chat",
};

const words: Words<typeof en> = { en, de };

/** The words in the language of the page. */
export function useWords(): typeof en {
	return words[useLanguage()];
}
