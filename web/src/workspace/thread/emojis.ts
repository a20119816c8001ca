import type { Words } from "../../look/words.js";

/** The reactions that an agent can give, with their names. */
export const emojis: readonly { emoji: string; name: Words<string> }[] = [
	{ emoji: "\u{1f44d}", name: { en: "Thumbs up", de: "Daumen hoch" } },
	{ emoji: "\u2764\ufe0f", name: { en: "Heart", de: "Herz" } },
	{ emoji: "\u{1f602}", name: { en: "Laughing", de: "Lachen" } },
	{ emoji: "\u{1f62e}", name: { en: "Surprised", de: "Staunen" } },
	{ emoji: "\u{1f622}", name: { en: "Sad", de: "Traurig" } },
	{ emoji: "\u{1f64f}", name: { en: "Thank you", de: "Danke" } },
];
