/** Who has done something, by the names that people know. */

import type { LoggedEventJson } from "../gen/weiche/admin/v1/admin_pb.js";
import type { AdminWords } from "./words.js";

/** Names holds the names of agents and of API keys by what events say of them, such as agent/kim. */
export type Names = ReadonlyMap<string, string>;

/** The names that the audit tells, also of those who are gone. */
export function namesIn(events: readonly LoggedEventJson[]): Names {
	const names = new Map<string, string>();
	for (const { event } of [...events].sort((a, b) => Number(a.position) - Number(b.position))) {
		const { agentId, keyId, name } = (event ?? {}) as Record<string, unknown>;
		if (typeof name !== "string" || !name) continue;
		if (typeof agentId === "string") names.set(`agent/${agentId}`, name);
		else if (typeof keyId === "string") names.set(`key/${keyId}`, name);
	}
	return names;
}

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
