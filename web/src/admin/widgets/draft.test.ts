import { expect, test } from "vitest";
import type { WidgetSettingsJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { consequences, draftOf, newDraft, originsOf, same, setupOf, wrongOrigin, wrongsOf } from "./draft.js";

const settings: WidgetSettingsJson = {
	widgetId: "shop-web",
	site: "shop.example",
	origins: ["https://shop.example", "http://localhost:3000"],
	languages: ["de", "en"],
	confirmation: "CONFIRMATION_BOTH",
	codeLifetime: "600s",
	silentDisconnect: true,
	newConversationAfter: "86400s",
	signedVisitorsOnly: true,
	appearance: {
		title: "Shop",
		greeting: { de: "Hallo!" },
		accent: "#00696b",
		replyTime: "REPLY_TIME_DAY",
		hours: { timeZone: "UTC", times: [{ weekday: "WEEKDAY_SUNDAY", fromMinute: 0, toMinute: 1440 }] },
		away: { en: "Closed." },
	},
	offers: [
		{ integrationId: "wa", channel: "whatsapp", offered: true, use: { openCodes: 3, linked: 12 } },
		{ integrationId: "ms", channel: "messenger" },
	],
};

test("a widget that is opened and saved again is the same in everything", () => {
	expect(setupOf("shop-web", draftOf(settings, "Europe/Berlin"))).toEqual({
		id: "shop-web",
		site: "shop.example",
		origins: ["https://shop.example", "http://localhost:3000"],
		languages: ["de", "en"],
		confirmation: "CONFIRMATION_BOTH",
		codeLifetime: "600s",
		silentDisconnect: true,
		newConversationAfter: "86400s",
		signedVisitorsOnly: true,
		keepVisitorKeys: true,
		offers: ["wa"],
		cutWithdrawn: false,
		appearance: settings.appearance,
	});
	expect(wrongsOf(draftOf(settings, "Europe/Berlin"))).toEqual([]);
});

test("only what would be saved otherwise is a change", () => {
	const draft = draftOf(settings, "Europe/Berlin");
	expect(same(draft, { ...draft, title: " Shop ", greeting: { de: "Hallo!", fr: "" } })).toBe(true);
	expect(same(draft, { ...draft, offers: [] })).toBe(false);
	expect(same(draft, { ...draft, languages: ["en", "de"] })).toBe(false);
});

test("an origin is exact, and what is likely meant is said", () => {
	for (const right of [
		"https://shop.example",
		"https://shop.example:8443",
		"http://localhost:3000",
		"http://127.0.0.1",
	])
		expect(wrongOrigin(right), right).toBeUndefined();
	expect(wrongOrigin("https://Shop.example/")).toMatchObject({ kind: "path", meant: "https://shop.example" });
	expect(wrongOrigin("shop.example/cart?a")).toMatchObject({ kind: "path", meant: "https://shop.example" });
	expect(wrongOrigin("http://shop.example")).toMatchObject({
		kind: "insecure",
		meant: "https://shop.example",
	});
	for (const none of ["*", "https://*.shop.example", "javascript:alert(1)", "file:///etc", "https://"])
		expect(wrongOrigin(none), none).toMatchObject({ part: none });
	expect(originsOf(" https://a.example\n\nhttps://b.example, https://a.example ")).toEqual([
		"https://a.example",
		"https://b.example",
	]);
});

test("all that is wrong is found, each with its field", () => {
	const draft = {
		...newDraft("de", "Europe/Berlin"),
		title: "x".repeat(61),
		greeting: { de: "🙂".repeat(501), en: "🙂".repeat(500) },
		accent: "blue",
		codeLifetime: "4",
		origins: "nonsense nonsense",
	};
	expect(wrongsOf(draft).map(({ field, part }) => [field, part])).toEqual([
		["site", ""],
		["title", ""],
		["greeting", "de"],
		["accent", ""],
		["codeLifetime", ""],
		["origins", "nonsense"],
	]);
});

test("what a change of channels does is known", () => {
	const before = draftOf(settings, "UTC");
	const list = consequences(before, { ...before, offers: ["ms"] }, settings.offers ?? []);
	expect(
		list.map(({ offer, offered, codes, linked }) => [offer.integrationId, offered, codes, linked]),
	).toEqual([
		["wa", false, 3, 12],
		["ms", true, 0, 0],
	]);
	expect(consequences(before, before, settings.offers ?? [])).toEqual([]);
});
