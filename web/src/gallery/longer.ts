/** Words as long as those of a language that needs more of them, to see what has room for them. */

import { words as channels } from "../widget/channels/words.js";
import { german } from "../widget/words.de.js";
import { english } from "../widget/words.js";

/** Makes all that the chat says longer by two letters in five. */
export function speakLonger(): void {
	for (const words of [english, german, channels]) lengthen(words);
}

function lengthen(words: object): void {
	for (const [name, said] of Object.entries(words)) Object.assign(words, { [name]: longer(said) });
}

/** A text, or what gives one, with longer words. */
function longer(said: unknown): unknown {
	if (typeof said === "string") return said.replace(/\p{L}+/gu, stretched);
	if (typeof said === "function") return (...given: unknown[]) => longer(said(...given));
	if (said && typeof said === "object") lengthen(said);
	return said;
}

/** A word with its first letters once more, as long words are of shorter ones. */
function stretched(word: string): string {
	return word + word.slice(0, Math.ceil(word.length * 0.4)).toLowerCase();
}
