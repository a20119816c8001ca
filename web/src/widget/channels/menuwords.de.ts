import type { MenuWords } from "./menuwords.js";

export const german: MenuWords = {
	menu: "In einer anderen App fortsetzen",
	connected: "Verbunden",
	disturbed: "Zurzeit nicht erreichbar",
	notLoaded: "Diese Seite konnte nicht geladen werden.",
	number: (app, end) => `${app}-Nummer mit Endung ${end}`,
	account: (app, name) => `${app}-Konto ${name}`,
	isThisYou: "Sind Sie das?",
	itIsMe: "Ja, das bin ich",
	itIsNotMe: "Nein",
	confirmThere: (app) => `Bitte bestätigen Sie jetzt in ${app}.`,
	cancel: "Abbrechen",
};
