/** A widget as it is being edited, and what becomes of it. */

import type { WidgetOfferJson, WidgetSettingsJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import type { ConfirmationJson } from "../../gen/weiche/event/v1/account_pb.js";
import type { ReplyTimeJson } from "../../gen/weiche/event/v1/appearance_pb.js";
import type { WidgetSetupJson } from "../../gen/weiche/ingress/v1/command_pb.js";
import { emptyHours, type Hours, hoursOf, hoursSetup, wrongTimes } from "./hours.js";

/** Draft is a widget in the form in which it is typed. */
export interface Draft {
	site: string;
	title: string;
	greeting: Record<string, string>;
	away: Record<string, string>;
	/** #rrggbb; empty for the widget's own. */
	accent: string;
	replyTime: ReplyTimeJson;
	hours: Hours;
	languages: string[];
	/** One in a line. */
	origins: string;
	confirmation: ConfirmationJson;
	/** Minutes. */
	codeLifetime: string;
	/** Seconds; empty is never. */
	newAfter: string;
	silentDisconnect: boolean;
	signedOnly: boolean;
	/** The integrations that it offers. */
	offers: string[];
	/** What withdrawn channels have linked ends at once. */
	cut: boolean;
}

/** What can be wrong: the field, and of a list the part of it. */
export interface Wrong {
	field: "site" | "title" | "greeting" | "away" | "accent" | "origins" | "codeLifetime" | "hours";
	kind: "required" | "tooLong" | "colour" | "origin" | "insecure" | "path" | "minutes" | "times";
	/** The language, the line or the day. */
	part: string;
	/** What is most likely meant. */
	meant?: string;
}

/** How long texts may be, in characters. */
export const most = { title: 60, text: 500 } as const;

const minutes = { least: 5, most: 60, usual: "15" } as const;

/** A new widget, in the language of who makes it. */
export function newDraft(language: string, timeZone: string): Draft {
	return {
		site: "",
		title: "",
		greeting: {},
		away: {},
		accent: "",
		replyTime: "REPLY_TIME_UNSPECIFIED",
		hours: emptyHours(timeZone),
		languages: [...new Set([language, "en"])],
		origins: "",
		confirmation: "CONFIRMATION_PROMPT",
		codeLifetime: minutes.usual,
		newAfter: "",
		silentDisconnect: false,
		signedOnly: false,
		offers: [],
		cut: false,
	};
}

/** The draft of a widget that there is. */
export function draftOf(settings: WidgetSettingsJson, timeZone: string): Draft {
	const look = settings.appearance ?? {};
	const confirmation = settings.confirmation ?? "CONFIRMATION_UNSPECIFIED";
	return {
		site: settings.site ?? "",
		title: look.title ?? "",
		greeting: { ...look.greeting },
		away: { ...look.away },
		accent: look.accent ?? "",
		replyTime: look.replyTime ?? "REPLY_TIME_UNSPECIFIED",
		hours: hoursOf(look.hours, timeZone),
		languages: [...(settings.languages ?? [])],
		origins: (settings.origins ?? []).join("\n"),
		confirmation: confirmation === "CONFIRMATION_UNSPECIFIED" ? "CONFIRMATION_PROMPT" : confirmation,
		codeLifetime: settings.codeLifetime ? String(seconds(settings.codeLifetime) / 60) : minutes.usual,
		newAfter: settings.newConversationAfter ? String(seconds(settings.newConversationAfter)) : "",
		silentDisconnect: settings.silentDisconnect ?? false,
		signedOnly: settings.signedVisitorsOnly ?? false,
		offers: (settings.offers ?? [])
			.filter((offer) => offer.offered)
			.map((offer) => offer.integrationId ?? ""),
		cut: false,
	};
}

/** The seconds of a duration as JSON has it: 900s, 0.500s. */
export function seconds(duration: string): number {
	return Number.parseFloat(duration);
}

/** Whether two drafts would be saved the same. */
export function same(a: Draft, b: Draft): boolean {
	return JSON.stringify(setupOf("", a)) === JSON.stringify(setupOf("", b));
}

/** The widget as it is saved. */
export function setupOf(id: string, draft: Draft): WidgetSetupJson {
	return {
		id,
		site: draft.site.trim(),
		origins: originsOf(draft.origins),
		languages: draft.languages,
		confirmation: draft.confirmation,
		codeLifetime: `${Math.round(Number(draft.codeLifetime) * 60)}s`,
		silentDisconnect: draft.silentDisconnect,
		offers: [...draft.offers].sort(),
		cutWithdrawn: draft.cut,
		...(draft.newAfter ? { newConversationAfter: `${draft.newAfter}s` } : {}),
		signedVisitorsOnly: draft.signedOnly,
		keepVisitorKeys: true,
		appearance: {
			title: draft.title.trim(),
			greeting: texts(draft.greeting, draft.languages),
			accent: draft.accent.toLowerCase(),
			replyTime: draft.replyTime,
			...hoursSetup(draft.hours),
			away: texts(draft.away, draft.languages),
		},
	};
}

/** The texts that say something, of the languages that there are, in their order. */
export function texts(all: Record<string, string>, languages: readonly string[]): Record<string, string> {
	return Object.fromEntries(
		languages.map((language) => [language, (all[language] ?? "").trim()]).filter(([, text]) => text),
	);
}

/** The origins of a list with one in each line. */
export function originsOf(list: string): string[] {
	return [
		...new Set(
			list
				.split(/[\s,]+/)
				.map((line) => line.trim())
				.filter((line) => line),
		),
	];
}

/** All that is wrong with a draft, in the order of the page. */
export function wrongsOf(draft: Draft): Wrong[] {
	const wrongs: Wrong[] = [];
	const length = (text: string) => [...text.trim()].length;
	if (!draft.site.trim()) wrongs.push({ field: "site", kind: "required", part: "" });
	if (length(draft.title) > most.title) wrongs.push({ field: "title", kind: "tooLong", part: "" });
	for (const field of ["greeting", "away"] as const)
		for (const language of draft.languages)
			if (length(draft[field][language] ?? "") > most.text)
				wrongs.push({ field, kind: "tooLong", part: language });
	if (draft.accent && !/^#[0-9a-f]{6}$/i.test(draft.accent))
		wrongs.push({ field: "accent", kind: "colour", part: "" });
	for (const day of wrongTimes(draft.hours)) wrongs.push({ field: "hours", kind: "times", part: day });
	const lifetime = Number(draft.codeLifetime);
	if (!(lifetime >= minutes.least && lifetime <= minutes.most))
		wrongs.push({ field: "codeLifetime", kind: "minutes", part: "" });
	for (const origin of originsOf(draft.origins)) {
		const wrong = wrongOrigin(origin);
		if (wrong) wrongs.push(wrong);
	}
	return wrongs;
}

/** What is wrong with an origin: it has to be what browsers say, to the letter. */
export function wrongOrigin(origin: string): Wrong | undefined {
	const wrong = { field: "origins", part: origin } as const;
	let url: URL;
	try {
		url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(origin) ? origin : `https://${origin}`);
	} catch {
		return { ...wrong, kind: "origin" };
	}
	if (url.origin === "null" || !url.hostname || url.hostname.includes("*"))
		return { ...wrong, kind: "origin" };
	const local = url.hostname === "localhost" || url.hostname === "127.0.0.1" || url.hostname === "[::1]";
	if (url.protocol !== "https:" && !(url.protocol === "http:" && local))
		return { ...wrong, kind: "insecure", meant: `https://${url.host}` };
	return origin === url.origin ? undefined : { ...wrong, kind: "path", meant: url.origin };
}

/** What becomes of a channel that was ticked or unticked. */
export interface Consequence {
	offer: WidgetOfferJson;
	offered: boolean;
	/** Codes that stop working. */
	codes: number;
	/** Customers who are linked over it. */
	linked: number;
}

/** What saving does to channels, in the order of the list. */
export function consequences(before: Draft, now: Draft, offers: readonly WidgetOfferJson[]): Consequence[] {
	return offers
		.filter((offer) => {
			const id = offer.integrationId ?? "";
			return before.offers.includes(id) !== now.offers.includes(id);
		})
		.map((offer) => ({
			offer,
			offered: now.offers.includes(offer.integrationId ?? ""),
			codes: offer.use?.openCodes ?? 0,
			linked: offer.use?.linked ?? 0,
		}));
}
