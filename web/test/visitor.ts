/** What the site of a widget says of its visitors, for tests. */

import { createHmac } from "node:crypto";
import type { Page } from "playwright-core";
import type {
	MakeVisitorKeyRequestJson,
	MakeVisitorKeyResponseJson,
} from "../src/gen/weiche/admin/v1/admin_pb.js";
import { account, call, fresh } from "./api.js";

/** A key by which the site says who its visitors are. */
export interface SiteKey {
	widget: string;
	keyId: string;
	secret: string;
}

/** Makes one for a widget. */
export async function makeKey(widget: string): Promise<SiteKey> {
	const { keyId = "", secret = "" } = await call<MakeVisitorKeyRequestJson, MakeVisitorKeyResponseJson>(
		"weiche.admin.v1.AdminService/MakeVisitorKey",
		{ accountId: account, widgetId: widget, clientToken: fresh("k") },
	);
	return { widget, keyId, secret };
}

/** The site's word for who its visitor is. */
export function jwt({ widget, keyId, secret }: SiteKey, person: string, seconds = 600): string {
	const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
	const claims = {
		scope: "user",
		external_id: person,
		aud: widget,
		exp: Math.floor(Date.now() / 1000) + seconds,
	};
	const signed = `${encode({ alg: "HS256", typ: "JWT", kid: keyId })}.${encode(claims)}`;
	return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** Calls a method of the element, as the site's own script does. */
export async function logIn(tab: Page, token: string): Promise<void> {
	await tab.evaluate(
		(word) =>
			(document.querySelector("weiche-chat") as unknown as { login(fn: () => string): Promise<void> }).login(
				() => word,
			),
		token,
	);
}

/** The same, where the site logs its customer out. */
export async function logOut(tab: Page): Promise<void> {
	await tab.evaluate(() =>
		(document.querySelector("weiche-chat") as unknown as { logout(): Promise<void> }).logout(),
	);
}
