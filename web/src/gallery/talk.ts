/** A conversation that is made up, for the states of the workspace. */

import type { Dial } from "../api/connection.js";
import { Stream } from "../api/stream.js";
import type { CustomerJson } from "../gen/weiche/view/v1/customer_pb.js";
import type { BindingJson, RouteJson } from "../gen/weiche/view/v1/route_pb.js";
import type { AgentCommentJson, TimelineItemJson } from "../gen/weiche/view/v1/timeline_pb.js";
import type { ChannelJson } from "../gen/weiche/workspace/v1/workspace_pb.js";

export const now = Date.now();
export const before = (minutes: number) => new Date(now - minutes * 60_000).toISOString();

/** A connection that is open, and on which nobody speaks. */
const quiet: Dial = (ears) => {
	queueMicrotask(() => ears.opened());
	return { say: () => {}, close: () => {} };
};

/** A stream that nothing comes from. */
export const silent = () =>
	new Stream({
		dials: [quiet, quiet],
		authorization: () => "",
		random: () => 0,
		after: () => () => {},
		onComeback: () => () => {},
		onGone: () => () => {},
	});

export const bindings = {
	whatsapp: {
		identityId: "i1",
		integrationId: "wa",
		channel: "whatsapp",
		linkId: "l1",
		boundAt: before(90),
		activeAt: before(3),
		windowEndsAt: before(-1437),
	},
	widget: {
		identityId: "i0",
		integrationId: "shop",
		channel: "widget",
		boundAt: before(240),
		activeAt: before(120),
	},
} satisfies Record<string, BindingJson>;

export const route: RouteJson = {
	conversationId: "c1",
	customerId: "cus1",
	widgetId: "shop",
	version: "4",
	rule: "ROUTE_RULE_CUSTOMER_WROTE",
	sinceAt: before(3),
	causedAt: before(3),
	bindings: [bindings.whatsapp, bindings.widget],
};

export const closed: RouteJson = {
	...route,
	bindings: [{ ...bindings.whatsapp, activeAt: before(1800), windowEndsAt: before(360) }, bindings.widget],
};

export const channels: ChannelJson[] = [
	{
		integrationId: "wa",
		channel: "whatsapp",
		healthy: true,
		bound: true,
		limits: {
			text: { max: 4096, unit: "TEXT_UNIT_CHARACTERS" },
			question: { max: 1024, unit: "TEXT_UNIT_CHARACTERS" },
			media: [{ kind: "MEDIA_KIND_IMAGE", mimeTypes: ["image/jpeg", "image/png"], maxBytes: "5242880" }],
			links: true,
			buttons: 3,
			listRows: 10,
			buttonTitle: 20,
			rowTitle: 72,
			templates: true,
			reactions: true,
			quotes: true,
		},
	},
	{ integrationId: "shop", channel: "widget", healthy: true, bound: true },
	{ integrationId: "ms", channel: "messenger", healthy: true, offerable: true },
	{ integrationId: "ig", channel: "instagram", healthy: false, notOfferable: "NOT_OFFERABLE_UNHEALTHY" },
];

let position = 100;
function line(minutes: number, more: TimelineItemJson): TimelineItemJson {
	position++;
	return {
		position: String(position),
		changed: String(position),
		messageId: `m${position}`,
		recordedAt: before(minutes),
		...more,
	};
}
const customer = (minutes: number, body: string, channel = "whatsapp", more: TimelineItemJson = {}) =>
	line(minutes, {
		customer: { channel, integrationId: channel === "widget" ? "shop" : "wa" },
		content: { parts: [{ text: { body } }] },
		...more,
	});
const reply = (minutes: number, body: string, agent: AgentCommentJson, more: TimelineItemJson = {}) =>
	line(minutes, {
		agent: { agentId: "kim", channel: "whatsapp", integrationId: "wa", ...agent },
		content: { parts: [{ text: { body } }] },
		...more,
	});
const system = (minutes: number, kind: string, more: object = {}) =>
	line(minutes, {
		messageId: undefined,
		system: { kind: `SYSTEM_LINE_KIND_${kind}`, ...more } as TimelineItemJson["system"],
	});

export const talk: TimelineItemJson[] = [
	system(1500, "CONVERSATION_STARTED", { channel: "widget" }),
	customer(1500, "Hi, is the blue jacket still there in M?", "widget"),
	reply(1498, "Hello Ana! Two of them are left: https://blue-shop.example/jackets/blue", {
		channel: "widget",
		integrationId: "shop",
		state: "DELIVERY_STATE_READ",
		route: { channel: "widget", rule: "REPLY_RULE_LAST_USED", routeVersion: "1" },
	}),
	system(95, "LINK_REQUESTED", { channel: "whatsapp", linkId: "l1" }),
	system(90, "CHANNEL_BOUND", { channel: "whatsapp", linkId: "l1" }),
	system(90, "ROUTE_CHANGED", {
		channel: "whatsapp",
		integrationId: "wa",
		routeRule: "ROUTE_RULE_LINK_CONFIRMED",
	}),
	customer(80, "Great, I am on the bus. Can you keep one for me?", "whatsapp", {
		reactions: [{ emoji: "\u{1f44d}", agentId: "kim", byBusiness: true }],
	}),
	line(78, {
		note: { agentId: "ben" },
		content: { parts: [{ text: { body: "She bought one in May already." } }] },
	}),
	reply(70, "It is put aside under your name.", {
		state: "DELIVERY_STATE_DELIVERED",
		deliveredAt: before(70),
		route: { channel: "whatsapp", rule: "REPLY_RULE_LAST_USED", routeVersion: "2" },
	}),
	customer(60, "", "whatsapp", { unsent: true, content: undefined }),
	customer(59, "Tonight at seven?", "whatsapp", {
		original: { parts: [{ text: { body: "Tonight at six?" } }] },
		edits: [{ edit: 1, content: { parts: [{ text: { body: "Tonight at seven?" } }] } }],
		content: { parts: [{ text: { body: "Tonight at seven?" } }], replyTo: { messageId: "m108" } },
	}),
	system(40, "ASSIGNED", { agentId: "kim", assigneeId: "kim" }),
	reply(30, "We are open until eight.", {
		channel: "widget",
		integrationId: "shop",
		intendedChannel: "whatsapp",
		intendedIntegrationId: "wa",
		state: "DELIVERY_STATE_SENT",
		route: {
			channel: "widget",
			rule: "REPLY_RULE_WINDOW_CLOSED",
			routeVersion: "3",
			passedOver: [{ channel: "whatsapp", integrationId: "wa", reason: "PASSED_OVER_REASON_WINDOW_CLOSED" }],
		},
	}),
	reply(20, "Is there anything else that I can do for you?", {
		state: "DELIVERY_STATE_FAILED",
		error: { code: "131026", reason: "undeliverable" },
		route: { channel: "whatsapp", rule: "REPLY_RULE_LAST_USED", routeVersion: "3" },
	}),
	reply(10, "See you at seven.", {
		state: "DELIVERY_STATE_UNKNOWN",
		error: { reason: "network" },
		route: { channel: "whatsapp", rule: "REPLY_RULE_LAST_USED", routeVersion: "3" },
	}),
	customer(3, "Super, dann komme ich vorbei. \u05ea\u05d5\u05d3\u05d4!", "whatsapp"),
];

export const card: CustomerJson = {
	customerId: "01J9ZQ8Y3V4N5T6W7X8Y9Z0A1B",
	createdAt: before(400_000),
	identities: [
		{
			identityId: "i1",
			integrationId: "wa",
			channel: "whatsapp",
			aliases: [{ kind: "phone", value: "15550100042" }],
			profile: { name: "Ana Sample" },
			conversationId: "c1",
			optIns: [{ topic: "marketing", at: before(4000) }],
		},
		{
			identityId: "i0",
			integrationId: "shop",
			channel: "widget",
			aliases: [{ kind: "external_id", value: "customer-4711" }],
			firstSeenAt: before(400_000),
			conversationId: "c1",
		},
		{
			identityId: "i2",
			integrationId: "ms",
			channel: "messenger",
			aliases: [{ kind: "psid", value: "1000000000000042" }],
			firstSeenAt: before(300_000),
			unconfirmed: true,
		},
	],
	conversations: [
		{ conversationId: "c0", widgetId: "shop", startedAt: before(400_000) },
		{ conversationId: "c1", widgetId: "shop", startedAt: before(1500) },
	],
	conflicts: [{ identityId: "i1", otherIdentityId: "i9", otherCustomerId: "cus9", foundAt: before(60) }],
};

export const events = [
	{
		eventId: "e1",
		type: "conversation.started",
		accountId: "shop",
		conversationId: "c1",
		version: "1",
		at: before(1500),
	},
	{
		eventId: "e2",
		type: "message.created",
		accountId: "shop",
		conversationId: "c1",
		version: "4",
		at: before(1498),
		messageCreated: { messageId: "m1", author: "MESSAGE_AUTHOR_AGENT", agentId: "kim" },
	},
];
