/** What an event of the audit says, for its row. */

import type { LoggedEventJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { channelName } from "../../look/words.js";
import type { Names } from "../names.js";

/** The texts among the fields of an event. */
type Texts = Record<string, string>;

function textsOf({ event }: LoggedEventJson): Texts {
	const fields = Object.entries((event ?? {}) as Record<string, unknown>);
	return Object.fromEntries(
		fields.filter((field): field is [string, string] => typeof field[1] === "string"),
	);
}

/** The name of an event, without its package. */
export function kindOf(event: LoggedEventJson): string {
	const type = textsOf(event)["@type"] ?? "";
	return type.slice(type.lastIndexOf(".") + 1);
}

/**
 * The names that the audit tells, the last that each thing had, also of what is gone:
 * of agents, keys, channels, widgets and apps, and whose sessions and login links are.
 *
 * @param web the web chat, as it is called here
 */
export function namesIn(events: readonly LoggedEventJson[], web: string): Names {
	const names = new Map<string, string>();
	const oldestFirst = [...events].sort((a, b) => Number(a.position) - Number(b.position));
	for (const event of oldestFirst) {
		const { name = "", site = "", channel = "", ...id } = textsOf(event);
		const at = (...parts: string[]) => parts.filter((part) => part).join(" · ");
		const put = (kind: string, of: string | undefined, said: string) =>
			of && said && names.set(`${kind}/${of}`, said);
		switch (kindOf(event)) {
			case "AgentAdded":
				put("agent", id.agentId, name);
				break;
			case "ApiKeyCreated":
				put("key", id.keyId, name);
				break;
			case "IntegrationConnected":
				put("integration", id.integrationId, at(channelName(channel, web), name));
				break;
			case "AppConnected":
				put("app", id.appId, at(channelName(channel, web), id.appId ?? ""));
				break;
			case "WidgetConfigured":
				put("widget", id.widgetId, site);
				break;
			case "SessionOpened":
				put("session", id.sessionId, names.get(`agent/${id.agentId}`) ?? "");
				break;
			case "LoginLinkMade":
				put("link", id.linkId, names.get(`agent/${id.agentId}`) ?? "");
				break;
		}
	}
	return names;
}

/** What an event can be about, by the field that has its id: the first that there is. */
const subjects = ["integration", "widget", "agent", "key", "app", "session", "link"] as const;

/** What an event is about, by name where that is known; a channel with its widget. */
export function subjectOf(event: LoggedEventJson, names: Names): string {
	const fields = textsOf(event);
	const all = subjects.flatMap((kind) => {
		const id = fields[`${kind}Id`];
		return id ? [names.get(`${kind}/${id}`) ?? id] : [];
	});
	const [first = fields.name ?? "", second = ""] = all;
	return fields.integrationId && fields.widgetId ? `${first} · ${second}` : first;
}

/**
 * Who caused an event, as agent/<id>, key/<id> or operator; who logs in does it
 * themselves. It is unrecorded of changes of the set-up that were made before it was
 * written down, and empty where nobody did.
 */
export function actorOf(event: LoggedEventJson): string {
	const { by, agentId } = textsOf(event);
	if (by) return by;
	if (kindOf(event) === "SessionOpened" && agentId) return `agent/${agentId}`;
	return event.actor === "api/admin" ? "unrecorded" : "";
}

/** The event as text. */
export function rawOf(event: LoggedEventJson): string {
	return JSON.stringify(event, null, 2);
}
