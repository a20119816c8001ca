/** What the workspace says: English is there, another language is loaded. */

import { useEffect } from "preact/hooks";
import { Store, useStore } from "../look/store.js";
import type { Language } from "../look/words.js";
import { en as context } from "./context/words.en.js";
import { en as inbox } from "./inbox/words.en.js";
import { phrases } from "./phrases.js";
import { languageBy } from "./preferences.js";
import { en as thread } from "./thread/words.en.js";
import { en as page } from "./words.en.js";
import { useWorkspace } from "./workspace.js";

/** What is said around the conversation. */
export type Words = typeof page;
/** What the inbox says, and actions. */
export type InboxWords = typeof inbox;
/** What the conversation says. */
export type ThreadWords = typeof thread;

/** Said is everything in one language. */
export interface Said {
	language: Language;
	page: Words;
	inbox: InboxWords;
	thread: ThreadWords;
	context: typeof context;
}

const english: Said = { language: "en", page, inbox, thread, context };
const known = new Store<Partial<Record<Language, Said>>>({ en: english });

/** Makes the words of a language known. Where they cannot be loaded, English stands in. */
export async function learn(language: Language): Promise<void> {
	if (known.value[language]) return;
	let said = english;
	try {
		const german = await import("./german.js");
		const by = phrases(language);
		said = {
			language,
			page: german.page(by),
			inbox: german.inbox(by),
			thread: german.thread(by),
			context: german.context,
		};
	} catch {
		// Better understood by some than seen by nobody.
	}
	known.update((all) => ({ ...all, [language]: said }));
}

/** Learns the language that the agent chooses. */
export function useLearning(): void {
	const language = useStore(useWorkspace().chosen, languageBy);
	useEffect(() => void learn(language), [language]);
}

/** Everything in a language; in English until that is known. */
export function saidIn(language: Language): Said {
	return known.value[language] ?? english;
}

/** Everything in the language of the page. */
export function useKnown(): Said {
	const language = useStore(useWorkspace().chosen, languageBy);
	return useStore(known, (all) => all[language] ?? english);
}

/** The language that the page speaks. */
export function useLanguage(): Language {
	return useKnown().language;
}

/** What is said around the conversation, in the language of the page. */
export function useWords(): Words {
	return useKnown().page;
}

/** What the inbox says, in the language of the page. */
export function useInboxWords(): InboxWords {
	return useKnown().inbox;
}
