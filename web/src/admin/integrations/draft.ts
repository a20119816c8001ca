/** What an administrator types to connect a channel, and what becomes of it. */

import type { ConnectIntegrationRequestJson, IntegrationJson } from "../../gen/weiche/admin/v1/admin_pb.js";

/** Channels that can be connected here, in their order. */
export const channels = ["whatsapp", "messenger", "instagram"] as const;

export type Channel = (typeof channels)[number];

/** Whether a channel can be connected here; others are by set-up. */
export function isChannel(channel: string): channel is Channel {
	return (channels as readonly string[]).includes(channel);
}

/** Draft is what was typed. */
export interface Draft {
	/** The id here of the app that is used again; empty for a new one. */
	appId: string;
	providerAppId: string;
	appSecret: string;
	name: string;
	providerAccountId: string;
	address: string;
	/** The WhatsApp Business account, or the page of an Instagram account. */
	owner: string;
	accessToken: string;
	humanAgent: boolean;
}

/** What can be wrong with a field. */
export type Wrong = "required" | "digits" | "phone" | "address";

export type Wrongs = Partial<Record<keyof Draft, Wrong>>;

const digits = /^[0-9]+$/;
/** What m.me and ig.me take as a name. */
const handle = /^[a-zA-Z0-9._-]+$/;

/** An empty draft that uses an app again, if there is one. */
export function emptyDraft(appId: string): Draft {
	return {
		appId,
		providerAppId: "",
		appSecret: "",
		name: "",
		providerAccountId: "",
		address: "",
		owner: "",
		accessToken: "",
		humanAgent: false,
	};
}

/** The draft of what is connected. */
export function draftOf(integration: IntegrationJson): Draft {
	return {
		...emptyDraft(integration.appId ?? ""),
		name: integration.name ?? "",
		providerAccountId: integration.providerAccountId ?? "",
		address: shownAddress(integration.channel ?? "", integration.address ?? ""),
		owner: integration.businessAccountId || integration.pageId || "",
		humanAgent: integration.humanAgent ?? false,
	};
}

/** What is wrong with what was said of an app. */
export function wrongApp(draft: Draft): Wrongs {
	if (draft.appId) return {};
	const wrongs: Wrongs = {};
	const id = draft.providerAppId.trim();
	if (!digits.test(id)) wrongs.providerAppId = id ? "digits" : "required";
	if (!draft.appSecret.trim()) wrongs.appSecret = "required";
	return wrongs;
}

/** What is wrong with what was said of an account; one that is connected keeps its token. */
export function wrongAccount(channel: string, draft: Draft, connected: boolean): Wrongs {
	const wrongs: Wrongs = {};
	const id = draft.providerAccountId.trim();
	if (!draft.name.trim()) wrongs.name = "required";
	if (!digits.test(id)) wrongs.providerAccountId = id ? "digits" : "required";
	const owner = draft.owner.trim();
	if (owner && !digits.test(owner)) wrongs.owner = "digits";
	const address = addressOf(channel, draft.address);
	if (!address) wrongs.address = "required";
	else if (channel === "whatsapp" && !/^[1-9][0-9]{6,14}$/.test(address)) wrongs.address = "phone";
	else if (channel !== "whatsapp" && !handle.test(address)) wrongs.address = "address";
	if (!connected && !draft.accessToken.trim()) wrongs.accessToken = "required";
	return wrongs;
}

/** The address as it is kept, of one as people write it: digits of a number, a bare name. */
export function addressOf(channel: string, typed: string): string {
	if (channel === "whatsapp") return typed.replace(/[\s()./+-]/g, "").replace(/^00/, "");
	return typed
		.trim()
		.replace(/^https?:\/\//i, "")
		.replace(/^(www\.)?(m\.me|facebook\.com|instagram\.com|ig\.me\/m)\//i, "")
		.replace(/^@/, "")
		.replace(/\/$/, "");
}

/** The address as people read it. */
export function shownAddress(channel: string, address: string): string {
	return channel === "whatsapp" && digits.test(address) ? `+${address}` : address;
}

/** An id that nothing has yet: the wanted one, or that with a number. */
export function freeId(wanted: string, taken: readonly string[]): string {
	for (let n = 1; ; n++) {
		const id = n === 1 ? wanted.slice(0, 64) : `${wanted.slice(0, 58)}-${n}`;
		if (!taken.includes(id)) return id;
	}
}

/** A text as a part of an id. */
export function slug(text: string): string {
	return text
		.replace(/ß/g, "ss")
		.normalize("NFKD")
		.replace(/\p{M}/gu, "")
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, "-")
		.replace(/^-+|-+$/g, "")
		.slice(0, 58)
		.replace(/-+$/, "");
}

/** The call that connects what was typed. */
export function requestOf(
	channel: string,
	draft: Draft,
	ids: { integration: string; app: string },
	seenVersion: string | undefined,
): ConnectIntegrationRequestJson {
	const owner = draft.owner.trim();
	return {
		...(draft.providerAppId.trim()
			? {
					app: {
						id: ids.app,
						channel,
						providerAppId: draft.providerAppId.trim(),
						appSecrets: [draft.appSecret.trim()],
					},
				}
			: {}),
		integration: {
			id: ids.integration,
			channel,
			appId: ids.app,
			providerAccountId: draft.providerAccountId.trim(),
			address: addressOf(channel, draft.address),
			name: draft.name.trim(),
			...(channel === "whatsapp" ? { businessAccountId: owner } : {}),
			...(channel === "instagram" ? { pageId: owner } : {}),
			humanAgent: draft.humanAgent,
			accessToken: draft.accessToken.trim(),
			seenVersion,
		},
	};
}

/** Whether two drafts would be saved the same. */
export function same(a: Draft, b: Draft): boolean {
	return JSON.stringify(a) === JSON.stringify(b);
}

/** The fields that an app has to be subscribed to at Meta, for its webhooks to come. */
export function webhookFields(channel: string, pageId: string): string[] {
	const page = [
		"messages",
		"messaging_postbacks",
		"message_echoes",
		"message_reactions",
		"messaging_referrals",
		"message_edits",
		"messaging_optins",
		"message_deliveries",
		"message_reads",
		"messaging_handovers",
		"standby",
	];
	if (channel === "whatsapp") return ["messages"];
	if (channel === "messenger" || pageId) return page;
	return [
		"messages",
		"messaging_postbacks",
		"message_echoes",
		"message_reactions",
		"messaging_referral",
		"message_edit",
		"messaging_seen",
		"standby",
	];
}
