/** What every part of the widget has at hand. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { useStore } from "../look/store.js";
import type { Language } from "../look/words.js";
import type { Attachments } from "./attachments/attachments.js";
import type { Conversation } from "./conversation.js";
import type { State } from "./state.js";
import type { WidgetWords } from "./words.js";

/** Chat is a widget on a page, for what is drawn in it. */
export interface Chat {
	conversation: Conversation;
	/** The files that wait to be sent with the next message. */
	attachments: Attachments;
	language: Language;
	words: WidgetWords;
	/** It is a whole page, which cannot be closed. */
	page: boolean;
	/** It fills the window, as on a phone, or is a whole page in one. */
	full: boolean;
	/** Closes the panel. */
	close(): void;
	/** Says something to those who hear the page, once. */
	announce(text: string): void;
}

/** Gives the chat to what is drawn below. */
export const ChatContext = createContext<Chat | undefined>(undefined);

/** The chat that a component is in. */
export function useChat(): Chat {
	const chat = useContext(ChatContext);
	if (!chat) throw new Error("outside of a chat");
	return chat;
}

/** What pick makes of the chat's state; who uses it is drawn again when that changes. */
export function useChatState<P>(pick: (state: State) => P): P {
	return useStore(useChat().conversation.store, pick);
}
