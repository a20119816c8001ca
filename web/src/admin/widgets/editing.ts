/** What every card of the editor is given. */

import type { AdminWords } from "../words.js";
import { type Draft, most, type Wrong } from "./draft.js";

export interface Editing {
	draft: Draft;
	change: (part: Partial<Draft>) => void;
	/** What is wrong, once that is to be shown. */
	wrongs: readonly Wrong[];
	disabled: boolean;
}

/** Says what is wrong with a field, or with a part of it; empty where nothing is. */
export function wrongText(
	words: AdminWords,
	wrongs: readonly Wrong[],
	field: Wrong["field"],
	part?: string,
): string {
	const of = wrongs.filter((wrong) => wrong.field === field && (part === undefined || wrong.part === part));
	return of.map((wrong) => textOf(words, wrong)).join(" ");
}

function textOf(words: AdminWords, { kind, field, part, meant = "" }: Wrong): string {
	const said = words.widgets.wrong;
	switch (kind) {
		case "required":
			return words.required;
		case "tooLong":
			return said.tooLong(field === "title" ? most.title : most.text);
		case "colour":
			return said.colour;
		case "origin":
			return said.origin(part);
		case "insecure":
			return said.insecure(part, meant);
		case "path":
			return said.path(part, meant);
		case "minutes":
			return said.minutes;
		case "times":
			return part ? said.times : said.noTimes;
	}
}

/** The name of a language in a language, such as German; the tag where it has none. */
export function languageName(language: string, tag: string): string {
	try {
		return new Intl.DisplayNames([language], { type: "language" }).of(tag) ?? tag;
	} catch {
		return tag;
	}
}
