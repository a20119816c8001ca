/** What the admin center says. */

import type { Words } from "../look/words.js";
import { de as agentsDe, en as agentsEn } from "./agents/words.js";
import { de as auditDe, en as auditEn } from "./audit/words.js";
import { de as integrationsDe, en as integrationsEn } from "./integrations/words.js";
import { de as keysDe, en as keysEn } from "./keys/words.js";
import { de as widgetsDe, en as widgetsEn } from "./widgets/words.js";

const en = {
	title: "Admin center",
	skip: "Skip to content",
	nav: "Sections",
	workspace: "Workspace",
	logOut: "Log out",
	sections: {
		integrations: "Integrations",
		widgets: "Widgets",
		agents: "Agents",
		keys: "API keys",
		audit: "Audit",
	},
	web: "Web chat",
	loading: "Loading…",
	failed: "This could not be loaded.",
	again: "Try again",
	cancel: "Cancel",
	close: "Close",
	save: "Save",
	saved: "Saved.",
	saving: "Saving…",
	remove: "Remove",
	back: (to: string) => `Back to ${to}`,
	never: "Never",
	copy: { copy: "Copy", copied: "Copied" },
	readOnly: "You can look at this, but not change it.",
	required: "This is needed.",
	told: "This is shown only now. Copy it before you close this.",
	denied: {
		title: "This page is for admins",
		text: (name: string) =>
			`${name}, your role does not include the admin center. Ask an owner or admin of your account if you need it.`,
		back: "Back to the workspace",
	},
	notFound: {
		title: "Nothing here",
		text: "What was here has been removed, or never was.",
	},
	leave: {
		title: "Leave without saving?",
		text: "Your changes will be lost.",
		yes: "Leave",
		no: "Stay",
	},
	who: {
		agent: (id: string) => `Agent ${id}`,
		key: (name: string) => `API key ${name}`,
		operator: "The server's administrator",
		unrecorded: "Not recorded",
	},
	contest: {
		somebody: "Somebody",
		title: (who: string, when: string, made: boolean) =>
			`${who} has ${made ? "made" : "changed"} this meanwhile${when ? ` (${when})` : ""}`,
		ownTitle: (when: string, made: boolean) =>
			`You have ${made ? "made" : "changed"} this in another window meanwhile${when ? ` (${when})` : ""}`,
		parts: (names: readonly string[]) => `Different now: ${names.join(", ")}.`,
		text: "What you changed is still here, and not saved yet. Keep it, and it is saved over theirs; the rest stays as they made it.",
		theirs: "Take theirs",
		mine: "Keep mine",
	},
	problem: {
		unknown: "That did not work, and nothing was changed.",
		forbidden: "Your role does not allow this. Nobody can change who may do more than they may.",
		gone: "It is not there any more. Load the page again.",
		changed: "Somebody else has changed this in this moment. Try again.",
		taken: "Another account on this server has this already.",
		tooMany: "Too many tries. Wait a minute, then try again.",
		loggedOut: "Your session has ended. Log in again.",
		offline: "The server cannot be reached. Check your connection and try again.",
		passing: "The server is busy at the moment. Try again.",
		invalid: (said: string) => `The server does not accept this: ${said}`,
	},
	providerCode: (code: string) => `(Meta's code ${code})`,
	provider: {
		token_refused: "Meta does not accept the access token: it is wrong or has expired.",
		no_token: "The access token is missing.",
		no_permission:
			"The access token is not allowed to do this. Give it the permissions named above, then make a new one.",
		no_such_account: "The access token does not lead to an account with this ID.",
		other_owner: "This account does not belong to the business account or page that you named.",
		not_registered: "The number is not registered for the Cloud API yet.",
		billing: "Meta wants a valid means of payment for this account.",
		account_locked: "Meta has locked this account.",
		policy: "Meta has blocked this account for a violation of its policies.",
		spam_limited: "Meta has limited this number because too many people blocked or reported it.",
		template_limited: "Meta has limited the templates of this account.",
		development_mode: "The app is in development mode. Publish it, or customers cannot be answered.",
		messages_disabled: "Allow access to messages in the settings of the Instagram app.",
		restricted: "Meta has restricted this account.",
		blocked: "Meta has blocked this account.",
		country: "Meta does not let this number write to customers in this country.",
		rate_limited: "Meta says this was too often. Wait a few minutes, then try again.",
		network: "Meta does not answer at the moment. Try again in a moment.",
		provider_unavailable: "Meta does not answer at the moment. Try again in a moment.",
		provider_error: "Meta had an error of its own. Try again in a moment.",
		other: "Meta does not serve this account.",
	},
	integrations: integrationsEn,
	widgets: widgetsEn,
	agents: agentsEn,
	keys: keysEn,
	audit: auditEn,
};

/** The words of one language. */
export type AdminWords = typeof en;

const de: AdminWords = {
	title: "Administration",
	skip: "Zum Inhalt springen",
	nav: "Bereiche",
	workspace: "Arbeitsbereich",
	logOut: "Abmelden",
	sections: {
		integrations: "Kanäle",
		widgets: "Widgets",
		agents: "Team",
		keys: "API-Schlüssel",
		audit: "Protokoll",
	},
	web: "Web-Chat",
	loading: "Wird geladen …",
	failed: "Das konnte nicht geladen werden.",
	again: "Erneut versuchen",
	cancel: "Abbrechen",
	close: "Schließen",
	save: "Speichern",
	saved: "Gespeichert.",
	saving: "Wird gespeichert …",
	remove: "Entfernen",
	back: (to: string) => `Zurück zu: ${to}`,
	never: "Nie",
	copy: { copy: "Kopieren", copied: "Kopiert" },
	readOnly: "Sie können dies ansehen, aber nicht ändern.",
	required: "Diese Angabe fehlt.",
	told: "Dies wird nur jetzt gezeigt. Kopieren Sie es, bevor Sie schließen.",
	denied: {
		title: "Diese Seite ist für Administratoren",
		text: (name: string) =>
			`${name}, die Administration gehört nicht zu Ihrer Rolle. Wenden Sie sich an eine Person mit der Rolle Inhaber oder Administrator, wenn Sie sie brauchen.`,
		back: "Zurück zum Arbeitsbereich",
	},
	notFound: {
		title: "Hier ist nichts",
		text: "Was hier war, wurde entfernt, oder es gab es nie.",
	},
	leave: {
		title: "Ohne Speichern verlassen?",
		text: "Ihre Änderungen gehen verloren.",
		yes: "Verlassen",
		no: "Bleiben",
	},
	who: {
		agent: (id: string) => `Agent ${id}`,
		key: (name: string) => `API-Schlüssel ${name}`,
		operator: "Die Administration des Servers",
		unrecorded: "Nicht festgehalten",
	},
	contest: {
		somebody: "Jemand",
		title: (who: string, when: string, made: boolean) =>
			`${who} hat dies inzwischen ${made ? "angelegt" : "geändert"}${when ? ` (${when})` : ""}`,
		ownTitle: (when: string, made: boolean) =>
			`Sie haben dies inzwischen in einem anderen Fenster ${made ? "angelegt" : "geändert"}${when ? ` (${when})` : ""}`,
		parts: (names: readonly string[]) => `Jetzt anders: ${names.join(", ")}.`,
		text: "Was Sie geändert haben, ist noch hier und noch nicht gespeichert. Behalten Sie es, wird es über die andere Fassung gespeichert; alles Übrige bleibt wie dort.",
		theirs: "Andere Fassung nehmen",
		mine: "Meine behalten",
	},
	problem: {
		unknown: "Das hat nicht geklappt, und nichts wurde geändert.",
		forbidden: "Ihre Rolle erlaubt das nicht. Niemand kann ändern, wer mehr darf als er selbst.",
		gone: "Das gibt es nicht mehr. Laden Sie die Seite neu.",
		changed: "Jemand hat dies im selben Moment geändert. Versuchen Sie es erneut.",
		taken: "Ein anderes Konto auf diesem Server hat das schon.",
		tooMany: "Zu viele Versuche. Warten Sie eine Minute und versuchen Sie es erneut.",
		loggedOut: "Ihre Sitzung ist beendet. Melden Sie sich erneut an.",
		offline: "Der Server ist nicht erreichbar. Prüfen Sie Ihre Verbindung und versuchen Sie es erneut.",
		passing: "Der Server ist gerade ausgelastet. Versuchen Sie es erneut.",
		invalid: (said: string) => `Der Server nimmt das nicht an: ${said}`,
	},
	providerCode: (code: string) => `(Code ${code} von Meta)`,
	provider: {
		token_refused: "Meta nimmt das Zugriffstoken nicht an: Es ist falsch oder abgelaufen.",
		no_token: "Das Zugriffstoken fehlt.",
		no_permission:
			"Das Zugriffstoken darf das nicht. Geben Sie ihm die oben genannten Berechtigungen und erstellen Sie ein neues.",
		no_such_account: "Das Zugriffstoken führt zu keinem Konto mit dieser ID.",
		other_owner:
			"Dieses Konto gehört nicht zu dem Unternehmenskonto oder der Seite, die Sie angegeben haben.",
		not_registered: "Die Nummer ist noch nicht für die Cloud-API registriert.",
		billing: "Meta verlangt ein gültiges Zahlungsmittel für dieses Konto.",
		account_locked: "Meta hat dieses Konto gesperrt.",
		policy: "Meta hat dieses Konto wegen eines Verstoßes gegen die Richtlinien gesperrt.",
		spam_limited:
			"Meta hat diese Nummer eingeschränkt, weil zu viele Menschen sie blockiert oder gemeldet haben.",
		template_limited: "Meta hat die Vorlagen dieses Kontos eingeschränkt.",
		development_mode:
			"Die App ist im Entwicklungsmodus. Veröffentlichen Sie sie, sonst können Sie Kunden nicht antworten.",
		messages_disabled: "Erlauben Sie in den Einstellungen der Instagram-App den Zugriff auf Nachrichten.",
		restricted: "Meta hat dieses Konto eingeschränkt.",
		blocked: "Meta hat dieses Konto blockiert.",
		country: "Meta lässt diese Nummer nicht an Kunden in diesem Land schreiben.",
		rate_limited: "Meta sagt, das war zu oft. Warten Sie einige Minuten und versuchen Sie es erneut.",
		network: "Meta antwortet gerade nicht. Versuchen Sie es gleich erneut.",
		provider_unavailable: "Meta antwortet gerade nicht. Versuchen Sie es gleich erneut.",
		provider_error: "Bei Meta gab es einen Fehler. Versuchen Sie es gleich erneut.",
		other: "Meta bedient dieses Konto nicht.",
	},
	integrations: integrationsDe,
	widgets: widgetsDe,
	agents: agentsDe,
	keys: keysDe,
	audit: auditDe,
};

export const words: Words<AdminWords> = { en, de };
