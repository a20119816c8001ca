/** What the conversation and what is around it say: English is there, German is loaded. */

import { useEffect } from "preact/hooks";
import { Store, useStore } from "../../look/store.js";
import type { Language } from "../../look/words.js";
import { en as context } from "../context/words.en.js";
import { useLanguage } from "../workspace.js";
import { phrases } from "./phrases.js";
import { en as thread } from "./words.en.js";

/** What the conversation says. */
export type ThreadWords = typeof thread;

/** Said is everything in one language. */
export interface Said {
	language: Language;
	thread: ThreadWords;
	context: typeof context;
}

const english: Said = { language: "en", thread, context };
const known = new Store<Partial<Record<Language, Said>>>({ en: english });

/** Makes the words of a language known. Where they cannot be loaded, English stands in. */
export async function learn(language: Language): Promise<void> {
	if (known.value[language]) return;
	let said = english;
	try {
		const german = await import("./german.js");
		said = { language, thread: german.thread(phrases(language)), context: german.context };
	} catch {
		// Better understood by some than seen by nobody.
	}
	known.update((all) => ({ ...all, [language]: said }));
}

/** The words in the language of the page; nothing until they are known. */
export function useSaid(): Said | undefined {
	const language = useLanguage();
	useEffect(() => void learn(language), [language]);
	return useStore(known, (all) => all[language]);
}

/** The same, in English until they are known. */
export function useKnown(): Said {
	return useSaid() ?? english;
}
