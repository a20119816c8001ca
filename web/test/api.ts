/** What tests ask the program directly: set-up, and what people do elsewhere. */

import { randomBytes } from "node:crypto";
import type { BrowserContext, Cookie } from "playwright-core";
import { expect, inject } from "vitest";
import type { PutWidgetRequestJson } from "../src/gen/weiche/admin/v1/admin_pb.js";
import type { WidgetSetupJson } from "../src/gen/weiche/ingress/v1/command_pb.js";

/** The account of the demo, which all tests use. */
export const account = "demo";
/** Its integrations, which have the names of their channels. */
export const channels = ["whatsapp", "messenger", "instagram"];

/** A name that no other test has. */
export function fresh(prefix: string): string {
	return `${prefix}-${randomBytes(5).toString("hex")}`;
}

/** Calls the program; as the administrator, or with another token. */
export async function call<Request, Response>(
	method: string,
	request: Request,
	token = inject("admin"),
): Promise<Response> {
	const answer = await fetch(`${inject("origin")}/${method}`, {
		method: "POST",
		headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
		body: JSON.stringify(request),
	});
	const said = await answer.text();
	if (!answer.ok) throw new Error(`${method}: ${answer.status} ${said}`);
	return JSON.parse(said) as Response;
}

/** Makes a widget of its own for a test, which offers all channels, and returns its id. */
export async function makeWidget(setup: Partial<WidgetSetupJson> = {}): Promise<string> {
	const id = setup.id ?? fresh("w");
	await call<PutWidgetRequestJson, unknown>("weiche.admin.v1.AdminService/PutWidget", {
		accountId: account,
		clientToken: fresh("t"),
		widget: {
			id,
			site: "blue-shop.example",
			languages: ["en", "de"],
			offers: channels,
			keepVisitorKeys: true,
			...setup,
		},
	});
	return id;
}

/** Sessions that the tests of a file have opened. */
const sessions = new Map<string, Cookie[]>();

/**
 * Logs the agent Kim, or another, in on a device. A session is used again while it lasts:
 * there is a bound to how often one address may log in.
 */
export async function logIn(device: BrowserContext, agentId = "kim", accountId = account): Promise<void> {
	const who = `${accountId}/${agentId}`;
	const open = sessions.get(who);
	if (open) {
		await device.addCookies(open);
		const me = `${inject("origin")}/weiche.workspace.v1.WorkspaceService/GetMe`;
		if ((await device.request.post(me, { data: {} })).ok()) return;
		await device.clearCookies();
	}
	const link = await call<unknown, { path: string }>("weiche.admin.v1.AdminService/MakeLoginLink", {
		accountId,
		agentId,
		clientToken: fresh("t"),
	});
	const answer = await device.request.post(inject("origin") + link.path, { maxRedirects: 0 });
	expect(answer.status()).toBe(303);
	sessions.set(who, await device.cookies());
}

/** Asks the simulated providers, such as for what is on somebody's phone. */
export async function provider<Response>(method: string, path: string, body?: unknown): Promise<Response> {
	const answer = await fetch(inject("providers") + path, {
		method,
		...(body === undefined ? {} : { body: JSON.stringify(body) }),
	});
	const said = await answer.text();
	if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${said}`);
	return JSON.parse(said) as Response;
}

/** A new person with a phone that has the three messengers; returns the name. */
export async function makePerson(): Promise<string> {
	const name = fresh("Ana");
	await provider("POST", "/sim/people", { name });
	return name;
}
