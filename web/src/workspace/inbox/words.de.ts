/** What the inbox says, in German. */

import type { Phrases } from "../phrases.js";
import type { en } from "./words.en.js";

export const de = ({ plural }: Phrases): typeof en => ({
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
	unread: (n) => plural(n, "# neue Nachricht", "# neue Nachrichten"),
	waiting: (span) => `Wartet ${span}`,
	troubles: (n) => `${n} nicht zugestellt`,
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
	waitingFor: (n) => plural(n, "# Gespräch ist ohne Agent", "# Gespräche sind ohne Agent"),
});
