/** What an event of the audit says, for its row. */

import type { LoggedEventJson } from "../../gen/weiche/admin/v1/admin_pb.js";

/** An event with the fields that it may have. */
type Fields = Record<string, unknown>;

/** The name of an event, without its package. */
export function kindOf(event: LoggedEventJson): string {
	const type = (event.event as Fields | undefined)?.["@type"];
	return typeof type === "string" ? type.slice(type.lastIndexOf(".") + 1) : "";
}

/** Which fields tell what an event is about, the first that there is. */
const subjects = ["name", "site", "agentId", "integrationId", "widgetId", "appId", "keyId", "sessionId"];

/** What an event is about: a name where it has one, else an id. */
export function subjectOf(event: LoggedEventJson): string {
	const fields = (event.event ?? {}) as Fields;
	for (const field of subjects) {
		const value = fields[field];
		if (typeof value === "string" && value) return value;
	}
	return "";
}

/**
 * Who caused an event, as agent/<id>, key/<id> or operator; who logs in does it
 * themselves. It is unrecorded of changes of the set-up that were made before it was
 * written down, and empty where nobody did.
 */
export function actorOf(event: LoggedEventJson): string {
	const { by, agentId } = (event.event ?? {}) as Fields;
	if (typeof by === "string" && by) return by;
	const kind = kindOf(event);
	if (kind === "SessionOpened" && typeof agentId === "string") return `agent/${agentId}`;
	return event.actor === "api/admin" ? "unrecorded" : "";
}

/** The event as text. */
export function rawOf(event: LoggedEventJson): string {
	return JSON.stringify(event, null, 2);
}
