/** Who has done something, by the names that people know. */

import type { AdminWords } from "./words.js";

/** Names holds the names of agents, API keys and what else is in an account, such as that of agent/kim. */
export type Names = ReadonlyMap<string, string>;

/** Says who: agent/<id>, key/<id> or operator, as events and settings have it; empty is not recorded. */
export function whoOf(words: AdminWords, names: Names, by: string): string {
	const [kind = "", id = ""] = by.split("/");
	switch (kind) {
		case "agent":
			return names.get(by) ?? words.who.agent(id);
		case "key":
			return words.who.key(names.get(by) ?? id);
		case "operator":
			return words.who.operator;
	}
	return words.who.unrecorded;
}
