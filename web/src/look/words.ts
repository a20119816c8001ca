/** Languages: which one a page speaks, and numbers and times in it. */

/** Languages that every page speaks. */
export type Language = "en" | "de";

/** The first of the wanted languages that there is; English otherwise. */
export function languageOf(wanted: readonly string[]): Language {
	for (const tag of wanted) {
		const primary = tag.toLowerCase().split("-")[0];
		if (primary === "en" || primary === "de") return primary;
	}
	return "en";
}

/** The language of the person at this device. */
export function deviceLanguage(): Language {
	return languageOf(navigator.languages);
}

/** Words are what a page says, by language. German has all that English has. */
export type Words<T> = Record<Language, T>;

/** A text for one and another for any other number, each with the number in place of #. */
export function plural(language: Language, n: number, one: string, other: string): string {
	const form = new Intl.PluralRules(language).select(n) === "one" ? one : other;
	return form.replace("#", new Intl.NumberFormat(language).format(n));
}

/** The name of a channel, the same in all languages; the web chat has one in each. */
export function channelName(channel: string, web: string): string {
	switch (channel) {
		case "whatsapp":
			return "WhatsApp";
		case "messenger":
			return "Messenger";
		case "instagram":
			return "Instagram";
		case "widget":
		case "":
			return web;
	}
	return channel;
}

/** The time of day, such as 14:05 or 2:05 PM. */
export function clock(language: string, at: Date): string {
	return at.toLocaleTimeString(language, { hour: "numeric", minute: "2-digit" });
}

/** The day: today, yesterday, or its date. */
export function day(language: string, at: Date, now: Date): string {
	const days = Math.round((startOf(now) - startOf(at)) / 86_400_000);
	if (days === 0 || days === 1) {
		const word = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-days, "day");
		return word.charAt(0).toUpperCase() + word.slice(1);
	}
	return at.toLocaleDateString(language, {
		weekday: "long",
		day: "numeric",
		month: "long",
		...(at.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }),
	});
}

function startOf(at: Date): number {
	return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}

/** How long ago in the largest unit that fits, such as "3 min. ago". */
export function ago(language: string, at: Date, now: Date): string {
	const seconds = Math.round((at.getTime() - now.getTime()) / 1000);
	const format = agoFormat(language);
	const steps: [Intl.RelativeTimeFormatUnit, number][] = [
		["day", 86_400],
		["hour", 3600],
		["minute", 60],
	];
	for (const [unit, size] of steps) {
		if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
	}
	return format.format(0, "second");
}

/** Formats cost more to make than to use, and a list shows many times. */
const agoFormats = new Map<string, Intl.RelativeTimeFormat>();

function agoFormat(language: string): Intl.RelativeTimeFormat {
	const made = agoFormats.get(language);
	if (made) return made;
	const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
	agoFormats.set(language, format);
	return format;
}
