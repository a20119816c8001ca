/** What is said of files that go with a message. */

import { bytes } from "../../look/bytes.js";
import { plural, type Words } from "../../look/words.js";

const en = {
	attach: "Add files",
	files: "Files to send",
	remove: (name: string) => `Remove ${name}`,
	uploading: (name: string) => `Uploading ${name}`,
	ready: (n: number) => plural("en", n, "# file is ready to send", "# files are ready to send"),
	notTaken: (name: string) => `${name} was not added.`,
	size: (limit: number) => `A file can have at most ${bytes("en", limit)}.`,
	type: "Programs, scripts and web pages cannot be sent.",
	empty: "It is empty.",
	count: (limit: number) => `A message can have at most ${limit} files.`,
	unreachable: "Not uploaded.",
	retry: "Try again",
	drop: "Drop files here",
};

const de: typeof en = {
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

export const words: Words<typeof en> = { en, de };

/** The words of one language. */
export type FileWords = typeof en;
