/** Numbers and spans of time in sentences. */

import type { Language } from "../../look/words.js";

/** A number with the language's separators. */
export function count(language: Language, n: number): string {
	return new Intl.NumberFormat(language).format(n);
}

/** A time span of minutes, such as 47 min or 1 h 20 min. */
export function span(language: Language, minutes: number): string {
	const min = language === "de" ? "Min." : "min";
	const h = language === "de" ? "Std." : "h";
	const rest = minutes % 60;
	if (minutes < 60) return `${minutes} ${min}`;
	return rest ? `${Math.floor(minutes / 60)} ${h} ${rest} ${min}` : `${minutes / 60} ${h}`;
}
