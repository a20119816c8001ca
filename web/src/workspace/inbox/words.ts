/** What the inbox says. */

import { type Language, plural, type Words } from "../../look/words.js";
import { useLanguage } from "../workspace.js";

const en = {
	undo: "Undo",
	again: "Try again",
	closed: "Closed",
	reopened: "Open again",
	assigned: (name: string) => (name ? `Assigned to ${name}` : "Assigned to nobody"),
	taken: "Assigned to you",
	labelled: (added: readonly string[], removed: readonly string[]) =>
		[...added.map((one) => `Label ${one} added`), ...removed.map((one) => `Label ${one} removed`)].join(". "),
	notUndone: "This was changed meanwhile, so nothing was undone.",
	changedMeanwhile: "Somebody changed this at the same moment.",
	tookBefore: (name: string) =>
		name ? `${name} took this a moment before.` : "Somebody gave this back a moment before.",
	assignedNow: (name: string) => (name ? `It is assigned to ${name} now.` : "It is assigned to nobody now."),
	statusNow: (closed: boolean): string => (closed ? "It is closed now." : "It is open now."),
	refused: (reason: string) =>
		({
			REASON_FORBIDDEN: "Not saved: you may not do this.",
			REASON_NOT_FOUND: "Not saved: this conversation or agent is gone.",
			REASON_INVALID: "Not saved: a label has 1 to 40 characters, and a conversation at most 20 labels.",
			REASON_RATE_LIMITED: "Not saved: too much at once. Wait a moment.",
			REASON_ENDED: "Not saved: this conversation has ended.",
		})[reason] ?? "Not saved. Check your connection and try again.",
	you: "You",
	noName: (id: string) => (id ? `Visitor ${id}` : "Visitor"),
	erased: "Erased customer",
	unsent: "Message taken back",
	note: (name: string) => `${name} (note)`,
	nativeApp: "From the app",
	program: "Automatic",
	other: {
		image: "Photo",
		audio: "Voice message",
		video: "Video",
		document: "File",
		sticker: "Sticker",
		location: "Place",
		contacts: "Contact",
		template: "Template",
		share: "Shared post",
		order: "Order",
	} as Record<string, string>,
	otherwise: "Message",
	silent: "No messages yet",
	webChat: "Web chat",
	unread: (n: number) => plural("en", n, "# new message", "# new messages"),
	waiting: (span: string) => `Waiting ${span}`,
	troubles: (n: number) => plural("en", n, "# not delivered", "# not delivered"),
	assigneeIs: "Assigned to ",
	isClosed: "Closed",
	filters: "Filters",
	channel: "Channel",
	anyChannel: "All channels",
	label: "Label",
	anyLabel: "All labels",
	clear: "Clear filters",
	loading: "Loading",
	more: "Load more",
	failed: "The conversations could not be loaded.",
	failedMore: "More could not be loaded.",
	empty: {
		mine: "Nothing is assigned to you",
		unassigned: "Everything is assigned",
		all: "Nothing is open",
		closed: "Nothing is closed yet",
	},
	emptyHint: {
		mine: "Take a conversation with the key A, or by its menu.",
		unassigned: "New conversations appear here until somebody takes them.",
		all: "New conversations appear here as soon as a customer writes.",
		closed: "Conversations that you close appear here.",
	},
	emptyFiltered: "Nothing fits these filters",
	waitingFor: (n: number) =>
		plural("en", n, "# conversation is unassigned", "# conversations are unassigned"),
};

const de: typeof en = {
	undo: "Rückgängig",
	again: "Erneut versuchen",
	closed: "Geschlossen",
	reopened: "Wieder offen",
	assigned: (name) => (name ? `${name} zugewiesen` : "Niemandem zugewiesen"),
	taken: "Ihnen zugewiesen",
	labelled: (added, removed) =>
		[
			...added.map((one) => `Label ${one} hinzugefügt`),
			...removed.map((one) => `Label ${one} entfernt`),
		].join(". "),
	notUndone: "Das wurde inzwischen geändert, daher wurde nichts rückgängig gemacht.",
	changedMeanwhile: "Jemand hat das im selben Moment geändert.",
	tookBefore: (name) =>
		name
			? `${name} hat das einen Moment vorher übernommen.`
			: "Jemand hat das einen Moment vorher abgegeben.",
	assignedNow: (name) => (name ? `Es ist jetzt ${name} zugewiesen.` : "Es ist jetzt niemandem zugewiesen."),
	statusNow: (closed) => (closed ? "Es ist jetzt geschlossen." : "Es ist jetzt offen."),
	refused: (reason) =>
		({
			REASON_FORBIDDEN: "Nicht gespeichert: Das dürfen Sie nicht.",
			REASON_NOT_FOUND: "Nicht gespeichert: Dieses Gespräch oder diesen Agenten gibt es nicht mehr.",
			REASON_INVALID: "Nicht gespeichert: Ein Label hat 1 bis 40 Zeichen, ein Gespräch höchstens 20 Labels.",
			REASON_RATE_LIMITED: "Nicht gespeichert: zu viel auf einmal. Warten Sie einen Moment.",
			REASON_ENDED: "Nicht gespeichert: Dieses Gespräch ist beendet.",
		})[reason] ?? "Nicht gespeichert. Prüfen Sie Ihre Verbindung und versuchen Sie es erneut.",
	you: "Sie",
	noName: (id) => (id ? `Besucher ${id}` : "Besucher"),
	erased: "Gelöschter Kunde",
	unsent: "Nachricht zurückgenommen",
	note: (name) => `${name} (Notiz)`,
	nativeApp: "Aus der App",
	program: "Automatisch",
	other: {
		image: "Foto",
		audio: "Sprachnachricht",
		video: "Video",
		document: "Datei",
		sticker: "Sticker",
		location: "Ort",
		contacts: "Kontakt",
		template: "Vorlage",
		share: "Geteilter Beitrag",
		order: "Bestellung",
	},
	otherwise: "Nachricht",
	silent: "Noch keine Nachrichten",
	webChat: "Web-Chat",
	unread: (n) => plural("de", n, "# neue Nachricht", "# neue Nachrichten"),
	waiting: (span) => `Wartet ${span}`,
	troubles: (n) => plural("de", n, "# nicht zugestellt", "# nicht zugestellt"),
	assigneeIs: "Zugewiesen an ",
	isClosed: "Geschlossen",
	filters: "Filter",
	channel: "Kanal",
	anyChannel: "Alle Kanäle",
	label: "Label",
	anyLabel: "Alle Labels",
	clear: "Filter löschen",
	loading: "Wird geladen",
	more: "Mehr laden",
	failed: "Die Gespräche konnten nicht geladen werden.",
	failedMore: "Mehr konnte nicht geladen werden.",
	empty: {
		mine: "Ihnen ist nichts zugewiesen",
		unassigned: "Alles ist zugewiesen",
		all: "Nichts ist offen",
		closed: "Noch nichts ist geschlossen",
	},
	emptyHint: {
		mine: "Übernehmen Sie ein Gespräch mit der Taste A oder über sein Menü.",
		unassigned: "Neue Gespräche stehen hier, bis jemand sie übernimmt.",
		all: "Neue Gespräche erscheinen hier, sobald ein Kunde schreibt.",
		closed: "Gespräche, die Sie schließen, erscheinen hier.",
	},
	emptyFiltered: "Nichts passt zu diesen Filtern",
	waitingFor: (n) => plural("de", n, "# Gespräch ist ohne Agent", "# Gespräche sind ohne Agent"),
};

export type InboxWords = typeof en;
/** What actions say. */
export type ActionWords = InboxWords;

const words: Words<InboxWords> = { en, de };

/** The words of a language. */
export function wordsOf(language: Language): InboxWords {
	return words[language];
}

/** The words in the language of the page. */
export function useInboxWords(): InboxWords {
	return words[useLanguage()];
}
