/** Numbers and spans of time in sentences of a language. */

import { type Language, plural } from "../look/words.js";

/** Phrases are given to words, so that those of a language can be loaded alone. */
export interface Phrases {
	/** A number with the language's separators. */
	count(n: number): string;
	/** A span of minutes, such as 47 min or 1 h 20 min. */
	span(minutes: number): string;
	/** A text for one and another for any other number, each with the number in place of #. */
	plural(n: number, one: string, other: string): string;
}

/** The phrases of a language. */
export function phrases(language: Language): Phrases {
	const [h, min] = language === "de" ? ["Std.", "Min."] : ["h", "min"];
	return {
		count: (n) => new Intl.NumberFormat(language).format(n),
		span: (minutes) => {
			const rest = minutes % 60;
			if (minutes < 60) return `${minutes} ${min}`;
			return rest ? `${Math.floor(minutes / 60)} ${h} ${rest} ${min}` : `${minutes / 60} ${h}`;
		},
		plural: (n, one, other) => plural(language, n, one, other),
	};
}
