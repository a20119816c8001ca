/** What the widget and its panel say to each other. */

import type { Frame } from "../loader/element.js";
import type { Language } from "../look/words.js";
import type { Conversation } from "./conversation.js";

/** Drawing is what a panel is drawn from. */
export interface Drawing {
	frame: Frame;
	conversation: Conversation;
	/** The visitor's language, as far as it is known. */
	language: Language;
	/** Closes the panel. */
	close(): void;
}

/** Drawn is a panel on a page. */
export interface Drawn {
	/** Speaks another language from here on, once its words have come. */
	speak(language: Language): void;
	/** Takes it off the page. */
	remove(): void;
}
