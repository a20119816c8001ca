import { bytes } from "../../look/bytes.js";
import { plural } from "../../look/words.js";
import type { FileWords } from "./words.js";

export const german: FileWords = {
	attach: "Dateien hinzufügen",
	files: "Dateien zum Senden",
	remove: (name) => `${name} entfernen`,
	uploading: (name) => `${name} wird hochgeladen`,
	ready: (n) => plural("de", n, "# Datei kann gesendet werden", "# Dateien können gesendet werden"),
	notTaken: (name) => `${name} wurde nicht hinzugefügt.`,
	size: (limit) => `Eine Datei darf höchstens ${bytes("de", limit)} haben.`,
	type: "Programme, Skripte und Webseiten können nicht gesendet werden.",
	empty: "Sie ist leer.",
	count: (limit) => `Eine Nachricht darf höchstens ${limit} Dateien haben.`,
	unreachable: "Nicht hochgeladen.",
	retry: "Erneut versuchen",
	drop: "Dateien hier ablegen",
};
