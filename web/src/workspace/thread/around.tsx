/** What every part of an open conversation needs. */

import { type ComponentChildren, createContext } from "preact";
import { useContext, useMemo } from "preact/hooks";
import type { CallError } from "../../api/call.js";
import { type Store, useStore } from "../../look/store.js";
import { channelName, type Language } from "../../look/words.js";
import { nameOf } from "../inbox/name.js";
import { type Row, rowOf } from "../inbox/state.js";
import { type Said, saidIn, type ThreadWords, useKnown } from "../said.js";
import { agentName, type Team } from "../team.js";
import { useTeam, useWorkspace } from "../workspace.js";
import type { Conversation, ConversationState } from "./conversation.js";

const ConversationContext = createContext<Conversation | undefined>(undefined);
const SpeechContext = createContext<Speech | undefined>(undefined);

/** A conversation around components, with the words by which it is told of. */
export function InConversation(props: { conversation: Conversation; children: ComponentChildren }) {
	const { id } = props.conversation;
	const { language, thread: words, context: around } = useKnown();
	const team = useTeam();
	const name = useStore(useWorkspace().inbox, (inbox) => nameOf(saidIn(language).inbox, rowOf(inbox, id)));
	// Made once for all: there are hundreds of components that speak.
	const speech = useMemo(() => speechOf(language, words, around, name, team), [language, words, name, team]);
	return (
		<ConversationContext.Provider value={props.conversation}>
			<SpeechContext.Provider value={speech}>{props.children}</SpeechContext.Provider>
		</ConversationContext.Provider>
	);
}

/** The conversation of the component. */
export function useConversation(): Conversation {
	const conversation = useContext(ConversationContext);
	if (!conversation) throw new Error("there is no conversation around this");
	return conversation;
}

/** What pick makes of the conversation. */
export function useOf<P>(pick: (state: ConversationState) => P): P {
	return useStore(useConversation() as Store<ConversationState>, pick);
}

/** The row of the inbox for the conversation, as it looks. */
export function useRow(): Row | undefined {
	const { id } = useConversation();
	return useStore(useWorkspace().inbox, (inbox) => rowOf(inbox, id));
}

/** Speech is how the conversation is told of. */
export interface Speech {
	language: Language;
	words: ThreadWords;
	/** What is said around the conversation. */
	around: Said["context"];
	/** The customer's name. */
	name: string;
	/** The name of a channel, within a sentence. */
	channel(channel: string | undefined): string;
	/** The name of an agent, or that it is the one who reads. */
	agent(agentId: string | undefined): string;
	/** What to say of a call that was refused. */
	refusal(error: CallError): string;
}

/** The words in the language of the page, with the names of people and channels. */
export function useSpeech(): Speech {
	const speech = useContext(SpeechContext);
	if (!speech) throw new Error("there is no conversation around this");
	return speech;
}

function speechOf(
	language: Language,
	words: ThreadWords,
	around: Said["context"],
	name: string,
	team: Team | undefined,
): Speech {
	return {
		language,
		words,
		around,
		name,
		channel: (channel) => channelName(channel ?? "", words.web),
		agent: (agentId) => {
			if (!agentId) return words.somebody;
			if (agentId === team?.me.agent?.agentId) return words.you;
			const found = agentName(team, agentId);
			return found === agentId ? words.program : found;
		},
		refusal: (error) => words.refused[error.reason] ?? words.refused[error.code] ?? words.refusedOther,
	};
}

/** Runs something that may be refused, and says so. */
export function useAttempt(): (run: () => Promise<unknown>, done?: string) => Promise<boolean> {
	const { toasts } = useWorkspace();
	const { refusal } = useSpeech();
	return async (run, done) => {
		try {
			await run();
			if (done) toasts.show({ text: done });
			return true;
		} catch (error) {
			if (!(error instanceof Error && "reason" in error)) throw error;
			toasts.show({ text: refusal(error as CallError), bad: true });
			return false;
		}
	};
}

/** Whether the agent may write here. */
export function useMayWrite(): boolean {
	return useWorkspace().may("conversations:write");
}

/** A word at the beginning of a sentence. */
export function capital(text: string): string {
	return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
