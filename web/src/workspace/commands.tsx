/** Finding something by typing: commands, conversations, colleagues and labels. */

import { channelGlyph, type GlyphName } from "../look/glyph.js";
import { useStore } from "../look/store.js";
import { nameOf } from "./inbox/name.js";
import { lineOf } from "./inbox/row.js";
import { rowOf } from "./inbox/state.js";
import { type Choice, Picker } from "./picker.js";
import { views } from "./place.js";
import { useInboxWords, useWords } from "./said.js";
import { agentName } from "./team.js";
import { useTeam, useWorkspace } from "./workspace.js";

/** The longest label, in characters. */
const longestLabel = 40;

/** Everything that can be done here; with what is typed also conversations. */
export function Commands({ onClose }: { onClose(): void }) {
	const workspace = useWorkspace();
	const words = useWords();
	const conversations = useConversations();
	const { places, actions, inbox } = workspace;
	const id = useStore(places, (place) => place.conversationId);
	const row = useStore(inbox, (state) => rowOf(state, id));
	const command = (
		name: string,
		glyph: GlyphName,
		text: string,
		choose: () => void,
		keyName?: string,
	): Choice => ({
		id: name,
		glyph,
		text,
		keyName,
		choose,
	});
	const choices = (typed: string): Choice[] => [
		...(id && workspace.may("conversations:write")
			? [
					row?.status === "CONVERSATION_STATUS_CLOSED"
						? command("reopen", "retry", words.reopenIt, () => actions.reopen(id), "E")
						: command("close", "check", words.closeIt, () => actions.close(id), "E"),
					command("reply", "send", words.reply, () => workspace.keys.run("r"), "R"),
					command("note", "note", words.note, () => workspace.keys.run("n"), "N"),
					command("take", "person", words.takeIt, () => actions.assign(id, inbox.value.me)),
					command(
						"assign",
						"people",
						words.assign,
						() => workspace.show({ kind: "assign", conversationId: id }),
						"A",
					),
					command(
						"labels",
						"label",
						words.labels,
						() => workspace.show({ kind: "labels", conversationId: id }),
						"L",
					),
				]
			: []),
		...views.map((view) => command(view, "chat", words.goTo(words.view[view]), () => places.go({ view }))),
		command("help", "help", words.help, () => workspace.show({ kind: "help" }), "?"),
		...(typed ? conversations() : []),
	];
	return (
		<Picker
			title={words.commands}
			placeholder={words.commandsHint}
			nothing={words.nothingLoaded}
			choices={choices}
			onClose={onClose}
		/>
	);
}

/** A conversation among those that the page knows. */
export function Find({ onClose }: { onClose(): void }) {
	const words = useWords();
	const conversations = useConversations();
	return (
		<Picker
			title={words.find}
			placeholder={words.findHint}
			nothing={words.nothingLoaded}
			choices={conversations}
			onClose={onClose}
		/>
	);
}

/** The conversations that the page knows, the most recently active first. */
function useConversations(): () => Choice[] {
	const { inbox, places } = useWorkspace();
	const words = useInboxWords();
	const team = useTeam();
	return () => {
		const { rows, me } = inbox.value;
		return [...rows.values()]
			.sort((one, other) => Number(other.active ?? 0) - Number(one.active ?? 0))
			.map((row) => ({
				id: row.conversationId ?? "",
				glyph: channelGlyph(row.channel ?? ""),
				text: nameOf(words, row),
				hint: lineOf(words, row, me, (id) => agentName(team, id)),
				choose: () => places.go({ conversationId: row.conversationId ?? "" }),
			}));
	};
}

/** The colleague to whom a conversation is given. */
export function Assign({ conversationId, onClose }: { conversationId: string; onClose(): void }) {
	const { actions, inbox } = useWorkspace();
	const words = useWords();
	const team = useTeam();
	const me = inbox.value.me;
	const now = useStore(inbox, (state) => rowOf(state, conversationId)?.assigneeId ?? "");
	const agents = (team?.agents ?? []).filter((agent) => agent.role !== "ROLE_AUDITOR");
	const others = agents.filter((agent) => agent.agentId !== me);
	const all = [
		...agents.filter((agent) => agent.agentId === me),
		{ agentId: "", name: words.nobody },
		...others,
	];
	const choices = (): Choice[] =>
		all.map(({ agentId = "", name = "" }) => ({
			id: agentId || "nobody",
			text: agentId === me ? words.me(name || agentId) : name || agentId,
			checked: agentId === now,
			choose: () => actions.assign(conversationId, agentId),
		}));
	return <Picker title={words.assignTo} placeholder="" choices={choices} onClose={onClose} />;
}

/** The labels of a conversation, each on or off, and a new one. */
export function Labels({ conversationId, onClose }: { conversationId: string; onClose(): void }) {
	const { actions, inbox } = useWorkspace();
	const words = useWords();
	const row = useStore(inbox, (state) => rowOf(state, conversationId));
	const counts = useStore(inbox.counts, (now) => now);
	const has = row?.labels ?? [];
	const known = [...new Set([...has, ...Object.keys(counts?.labels ?? {})])].sort((one, other) =>
		one.localeCompare(other),
	);
	const choices = (typed: string): Choice[] => [
		...known.map((label) => ({
			id: label,
			text: label,
			checked: has.includes(label),
			stays: true,
			choose: () =>
				has.includes(label)
					? actions.label(conversationId, [], [label])
					: actions.label(conversationId, [label]),
		})),
		...(typed && !known.includes(typed) ? [created(typed)] : []),
	];
	const created = (label: string): Choice =>
		[...label].length > longestLabel
			? { id: "+", glyph: "alert", text: words.labelTooLong, hint: label, stays: true, choose: () => {} }
			: {
					id: "+",
					glyph: "plus",
					text: words.createLabel(label),
					stays: true,
					choose: () => actions.label(conversationId, [label]),
				};
	return <Picker title={words.labels} placeholder={words.labelHint} choices={choices} onClose={onClose} />;
}
