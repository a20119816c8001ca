import { expect, test } from "vitest";
import { addressOf, emptyDraft, freeId, requestOf, slug, wrongAccount, wrongApp } from "./draft.js";

test("an address is taken as people write it", () => {
	expect(addressOf("whatsapp", "+49 (30) 123-45.67")).toBe("49301234567");
	expect(addressOf("whatsapp", "0049 30 1234567")).toBe("49301234567");
	expect(addressOf("messenger", "https://m.me/blue.shop")).toBe("blue.shop");
	expect(addressOf("messenger", "https://www.facebook.com/blue.shop/")).toBe("blue.shop");
	expect(addressOf("instagram", " @blue.shop ")).toBe("blue.shop");
});

test("an id is free, and made of what ids are made of", () => {
	expect(freeId("whatsapp", ["messenger"])).toBe("whatsapp");
	expect(freeId("whatsapp", ["whatsapp", "whatsapp-2"])).toBe("whatsapp-3");
	expect(slug("Größe & Maß – Ångström!")).toBe("grosse-mass-angstrom");
	expect(slug("新店")).toBe("");
	for (const name of ["x".repeat(100), "a ".repeat(80)]) expect(slug(name)).toMatch(/^[a-z0-9-]{1,58}$/);
});

test("what is missing or wrong is said, and a connected account keeps its token", () => {
	const draft = { ...emptyDraft(""), name: "Shop", providerAccountId: "12a", address: "123", owner: "x" };
	expect(wrongAccount("whatsapp", draft, false)).toEqual({
		providerAccountId: "digits",
		owner: "digits",
		address: "phone",
		accessToken: "required",
	});
	expect(wrongAccount("whatsapp", draft, true).accessToken).toBeUndefined();
	expect(wrongAccount("messenger", { ...draft, address: "a b" }, true).address).toBe("address");
	expect(wrongApp(draft)).toEqual({ providerAppId: "required", appSecret: "required" });
	expect(wrongApp({ ...draft, appId: "shop-whatsapp" })).toEqual({});
});

test("an app that is used again is not said again, and an owner goes where its channel has it", () => {
	const draft = {
		...emptyDraft("shop-app"),
		name: "Shop",
		providerAccountId: "1",
		address: "@shop",
		owner: "7",
	};
	const ids = { integration: "instagram", app: "shop-app" };
	expect(requestOf("instagram", draft, ids, "0")).toMatchObject({
		integration: { pageId: "7", address: "shop" },
	});
	expect(requestOf("instagram", draft, ids, "0").app).toBeUndefined();
	expect(requestOf("whatsapp", draft, ids, "0").integration).toMatchObject({ businessAccountId: "7" });
	expect(requestOf("messenger", draft, ids, "0").integration).not.toHaveProperty("pageId");
	expect(requestOf("whatsapp", { ...draft, providerAppId: "9", appSecret: "s" }, ids, "0").app).toEqual({
		id: "shop-app",
		channel: "whatsapp",
		providerAppId: "9",
		appSecrets: ["s"],
	});
});
