/** What an administrator types about an agent. */

import type { AgentSettingsJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import type { RoleJson } from "../../gen/weiche/event/v1/account_pb.js";

/** The roles, from most to least. */
export const roles = ["ROLE_OWNER", "ROLE_ADMIN", "ROLE_AGENT", "ROLE_AUDITOR"] as const;

export interface Draft {
	name: string;
	login: string;
	role: RoleJson;
}

/** What can be wrong with a field. */
export type Wrongs = Partial<Record<"name" | "login", "name" | "login" | "loginTaken">>;

/** The login as it is kept. */
export function loginOf(typed: string): string {
	return typed.trim().toLowerCase();
}

/** What is wrong with an agent, among the others of the account. */
export function wrongAgent(draft: Draft, others: readonly AgentSettingsJson[]): Wrongs {
	const wrongs: Wrongs = {};
	if (!draft.name.trim()) wrongs.name = "name";
	const login = loginOf(draft.login);
	if (login && !/^[a-z0-9._+@-]{1,128}$/.test(login)) wrongs.login = "login";
	else if (login && others.some((other) => other.login === login)) wrongs.login = "loginTaken";
	return wrongs;
}

/** Whether a password is one that the server takes. */
export function isPassword(text: string): boolean {
	const length = [...text].length;
	return length >= 12 && length <= 128;
}

/** The roles that somebody may give: owners are made by owners. */
export function rolesFor(may: (scope: string) => boolean): RoleJson[] {
	return roles.filter((role) => role !== "ROLE_OWNER" || may("owners:write"));
}
