/** People who set things up, for tests of the admin center. */

import type { BrowserContext, Page } from "playwright-core";
import { inject } from "vitest";
import type { RoleJson } from "../src/gen/weiche/event/v1/account_pb.js";
import { account, call, fresh, logIn } from "./api.js";
import { device } from "./browser.js";

export const service = "weiche.admin.v1.AdminService/";

/** Somebody with a role. */
export interface Person {
	account: string;
	id: string;
	name: string;
	login: string;
}

/** Adds somebody with a role to the demo's account, or to another. */
export async function makeAgent(role: RoleJson, of = account): Promise<Person> {
	const id = fresh("a");
	const person = { id, name: `Ada ${id}`, login: `${id}@blue-shop.example` };
	await call(`${service}PutAgent`, { accountId: of, clientToken: fresh("t"), agent: { ...person, role } });
	return { ...person, account: of };
}

/** A new account with nothing in it but an owner. */
export async function makeAccount(): Promise<Person> {
	const id = fresh("acc");
	await call(`${service}ApplySetup`, { accountId: id, setup: { name: "Green Shop" } });
	return makeAgent("ROLE_OWNER", id);
}

/** A device on which somebody has logged in. */
export async function deviceOf(person: Person): Promise<BrowserContext> {
	const browser = await device();
	await logIn(browser, person.id, person.account);
	return browser;
}

/** A tab at a place of the admin center. */
export async function openAdmin(browser: BrowserContext, path: string): Promise<Page> {
	const tab = await browser.newPage();
	await tab.goto(`${inject("origin")}/admin/${path}`);
	await tab.getByRole("heading", { level: 1 }).waitFor();
	return tab;
}
