/** An account that is made up, for the states of the admin center. */

import { scopes } from "../admin/keys/scopes.js";
import type {
	AgentSettingsJson,
	ApiKeyJson,
	IntegrationJson,
	LoggedEventJson,
	WidgetSettingsJson,
} from "../gen/weiche/admin/v1/admin_pb.js";

/** The moment of the gallery. */
export const now = "2026-03-02T10:00:00Z";

/** The scopes of an owner, and those of an auditor. */
export const everything: readonly string[] = scopes;
export const reading: readonly string[] = scopes.filter((scope) => scope.endsWith(":read"));

const integrations: IntegrationJson[] = [
	{
		integrationId: "whatsapp",
		channel: "whatsapp",
		name: "Blue Shop",
		healthy: true,
		address: "15550100001",
		providerAccountId: "200001",
		appId: "shop-whatsapp",
		webhookUrl: "https://chat.blue-shop.example/webhooks/whatsapp/shop-whatsapp",
		businessAccountId: "210001",
		lastWebhookAt: "2026-03-02T09:57:00Z",
	},
	{
		integrationId: "whatsapp-2",
		channel: "whatsapp",
		name: "Donaudampfschifffahrtsgesellschaft Kundendienst",
		healthy: true,
		address: "15550100002",
		providerAccountId: "200002",
		appId: "shop-whatsapp",
	},
	{
		integrationId: "messenger",
		channel: "messenger",
		name: "Blue Shop",
		healthy: false,
		error: { code: "190", reason: "token_refused" },
		unhealthySince: "2026-03-02T07:00:00Z",
		address: "blue.shop",
		providerAccountId: "300001",
		appId: "shop-messenger",
		webhookUrl: "https://chat.blue-shop.example/webhooks/messenger/shop-messenger",
		lastWebhookAt: "2026-03-02T06:58:00Z",
	},
];

/** The widgets of the account. */
export const widgets: WidgetSettingsJson[] = [
	{
		widgetId: "shop-web",
		site: "blue-shop.example",
		origins: ["https://blue-shop.example"],
		languages: ["en", "de"],
		confirmation: "CONFIRMATION_PROMPT",
		codeLifetime: "900s",
		visitorKeyIds: ["k-7f3a"],
		appearance: {
			title: "Blue Shop",
			greeting: { en: "Hello! How can we help you?", de: "Hallo! Wie können wir Ihnen helfen?" },
			accent: "#00696b",
			replyTime: "REPLY_TIME_MINUTES",
			hours: {
				timeZone: "Europe/Berlin",
				times: [
					{ weekday: "WEEKDAY_MONDAY", fromMinute: 540, toMinute: 720 },
					{ weekday: "WEEKDAY_MONDAY", fromMinute: 780, toMinute: 1080 },
					{ weekday: "WEEKDAY_FRIDAY", fromMinute: 540, toMinute: 1440 },
				],
			},
		},
		offers: [
			{
				integrationId: "whatsapp",
				channel: "whatsapp",
				name: "Blue Shop",
				offered: true,
				healthy: true,
				use: { openCodes: 3, linked: 12 },
			},
			{
				integrationId: "messenger",
				channel: "messenger",
				name: "Blue Shop",
				offered: true,
				healthy: false,
				use: { linked: 1 },
			},
		],
	},
	{ widgetId: "help", site: "help.blue-shop.example", languages: ["de"], offers: [] },
];

const agents: AgentSettingsJson[] = [
	{
		agent: { agentId: "kim", name: "Kim", role: "ROLE_OWNER" },
		login: "kim@blue-shop.example",
		hasPassword: true,
		sessions: [
			{ sessionId: "s1", openedAt: "2026-03-02T09:00:00Z", expiresAt: "2026-03-09T09:00:00Z", current: true },
		],
	},
	{
		agent: { agentId: "ana", name: "Ana Núñez", role: "ROLE_AGENT" },
		login: "ana.nunez-with-a-rather-long-name@customer-service.blue-shop.example",
		sessions: [
			{ sessionId: "s2", openedAt: "2026-03-01T09:00:00Z", expiresAt: "2026-03-08T09:00:00Z" },
			{ sessionId: "s3", openedAt: "2026-02-28T09:00:00Z", expiresAt: "2026-03-07T09:00:00Z" },
		],
	},
	{ agent: { agentId: "noa", name: "נועה", role: "ROLE_AUDITOR" } },
];

const apiKeys: ApiKeyJson[] = [
	{
		keyId: "0123456789ab",
		name: "Till",
		scopes: ["conversations:read", "conversations:write"],
		createdAt: "2026-01-10T09:00:00Z",
		usedAt: "2026-03-02T00:00:00Z",
		createdBy: "agent/kim",
	},
	{
		keyId: "ba9876543210",
		name: "Data warehouse",
		scopes: scopes.filter((scope) => scope.endsWith(":read")),
		createdAt: "2026-02-10T09:00:00Z",
		expiresAt: "2027-02-10T09:00:00Z",
		createdBy: "operator",
	},
];

const type = "type.googleapis.com/weiche.event.v1.";
const events = [
	["AccountCreated", { accountId: "shop", name: "Blue Shop" }, "2026-01-02T09:00:00Z"],
	["AgentAdded", { agentId: "kim", name: "Kim", by: "operator" }, "2026-01-02T09:01:00Z"],
	["IntegrationConnected", { integrationId: "whatsapp", name: "Blue Shop" }, "2026-01-02T09:05:00Z"],
	["ApiKeyCreated", { keyId: "0123456789ab", name: "Till", by: "agent/kim" }, "2026-01-10T09:00:00Z"],
	["ApiKeyCreated", { keyId: "abcdefabcdef", name: "Old till", by: "agent/kim" }, "2026-01-11T09:00:00Z"],
	["AgentAdded", { agentId: "ana", name: "Ana Núñez" }, "2026-02-28T08:30:00Z"],
	["LoginLinkMade", { agentId: "ana", by: "agent/kim" }, "2026-02-28T08:31:00Z"],
	["SessionOpened", { agentId: "ana" }, "2026-02-28T09:00:00Z"],
	["ApiKeyRevoked", { keyId: "abcdefabcdef", by: "key/0123456789ab" }, "2026-03-02T09:50:00Z"],
] as const;

const audit: LoggedEventJson[] = events.map(([name, fields, recordedAt], at) => ({
	position: String(at + 1),
	recordedAt,
	actor: "api/admin",
	event: { "@type": type + name, ...fields },
}));

/** What the server says, by the name of the call. */
export const answers: Record<string, unknown> = {
	ListIntegrations: { integrations },
	ListWidgets: { widgets },
	ListAgents: { agents },
	ListApiKeys: { apiKeys },
	ListEvents: { events: audit },
	MakeLoginLink: { path: "/login/wl_shop.made-up-for-the-gallery", expiresAt: "2026-03-02T11:00:00Z" },
};
