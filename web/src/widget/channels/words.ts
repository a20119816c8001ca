/** What the pages of channels say. */

import type { Words } from "../../look/words.js";
import type { End } from "./link.js";

const en = {
	heading: (app: string) => `Continue in ${app}`,
	scan: (app: string) =>
		`Scan with your phone, then ${app === "WhatsApp" ? "press send" : "confirm"} in ${app}.`,
	tap: (app: string) => `Open ${app} and ${app === "WhatsApp" ? "press send" : "confirm"}.`,
	qr: (open: string) => `QR code. It leads to the same place as “${open}”.`,
	open: (app: string) => `Open ${app} on this device`,
	byHand: (app: string) => `Or send the code yourself in ${app}`,
	byHandHow: (business: string, app: string) => `Write this code to ${business} in ${app}:`,
	asking: "Making your code",
	waiting: (app: string) => (app === "WhatsApp" ? "Waiting for your message." : `Waiting for you in ${app}.`),
	valid: (minutes: number) => `Code valid for ${minutes} min.`,
	linked: (app: string) => `Connected. We will now reply on ${app}.`,
	toChat: "Back to the chat",
	ended: (app: string): Record<End, string> => ({
		expired: "This code has expired.",
		in_use: `This ${app} account already belongs to another chat.`,
		declined: `You said no in ${app}. Nothing has changed.`,
		replaced: "A newer code was made in another window.",
		cancelled: "Cancelled. Nothing has changed.",
		withdrawn: `${app} is no longer offered here.`,
		failed: `${app} could not be connected.`,
		unreachable: "The code could not be made.",
	}),
	again: "Create new code",
	retry: "Try again",
	repliesThere: (app: string) => `We reply on ${app}.`,
	repliesHere: (app: string) => `We reply here until you write on ${app} again.`,
	disturbedLong: (app: string) => `${app} is not available right now. We reply here.`,
	openChat: "Open chat",
	disconnect: "Disconnect",
	disconnectNow: (app: string) => `Disconnect ${app}?`,
	disconnectEffect: "Replies will appear here again. Your messages stay.",
	keep: "Keep connected",
	disconnected: (app: string) => `${app} is disconnected. Replies appear here.`,
	notDisconnected: "That did not work. Please try again.",
};

const de: typeof en = {
	heading: (app) => `In ${app} fortsetzen`,
	scan: (app) =>
		`Mit dem Handy scannen und in ${app} ${app === "WhatsApp" ? "auf Senden tippen" : "bestätigen"}.`,
	tap: (app) => `${app} öffnen und ${app === "WhatsApp" ? "auf Senden tippen" : "bestätigen"}.`,
	qr: (open) => `QR-Code. Er führt zum selben Ziel wie „${open}“.`,
	open: (app) => `${app} auf diesem Gerät öffnen`,
	byHand: (app) => `Oder den Code selbst in ${app} senden`,
	byHandHow: (business, app) => `Schreiben Sie diesen Code in ${app} an ${business}:`,
	asking: "Ihr Code wird erstellt",
	waiting: (app) => (app === "WhatsApp" ? "Wir warten auf Ihre Nachricht." : `Wir warten auf Sie in ${app}.`),
	valid: (minutes) => `Code noch ${minutes} Min. gültig.`,
	linked: (app) => `Verbunden. Wir antworten Ihnen jetzt in ${app}.`,
	toChat: "Zurück zum Chat",
	ended: (app) => ({
		expired: "Dieser Code ist abgelaufen.",
		in_use: `Dieses ${app}-Konto gehört schon zu einem anderen Chat.`,
		declined: `Sie haben in ${app} Nein gesagt. Es hat sich nichts geändert.`,
		replaced: "In einem anderen Fenster wurde ein neuerer Code erstellt.",
		cancelled: "Abgebrochen. Es hat sich nichts geändert.",
		withdrawn: `${app} wird hier nicht mehr angeboten.`,
		failed: `${app} konnte nicht verbunden werden.`,
		unreachable: "Der Code konnte nicht erstellt werden.",
	}),
	again: "Neuen Code erstellen",
	retry: "Erneut versuchen",
	repliesThere: (app) => `Wir antworten Ihnen in ${app}.`,
	repliesHere: (app) => `Wir antworten hier, bis Sie wieder in ${app} schreiben.`,
	disturbedLong: (app) => `${app} ist zurzeit nicht erreichbar. Wir antworten hier.`,
	openChat: "Chat öffnen",
	disconnect: "Trennen",
	disconnectNow: (app) => `${app} trennen?`,
	disconnectEffect: "Antworten erscheinen wieder hier. Ihre Nachrichten bleiben.",
	keep: "Verbunden lassen",
	disconnected: (app) => `${app} ist getrennt. Antworten erscheinen hier.`,
	notDisconnected: "Das hat nicht geklappt. Bitte versuchen Sie es erneut.",
};

export const words: Words<typeof en> = { en, de };

/** The words of one language. */
export type ChannelWords = typeof en;
