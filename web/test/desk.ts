/** An agent at a conversation of the workspace. */

import type { BrowserContext, Locator, Page } from "playwright-core";
import { inject } from "vitest";
import { fresh, logIn, provider } from "./api.js";
import { device } from "./browser.js";

/** The agent Kim, at a conversation. */
export async function open(conversationId: string, browser?: BrowserContext): Promise<Page> {
	const at = browser ?? (await device());
	await logIn(at);
	const page = await at.newPage();
	page.setDefaultTimeout(10_000);
	await page.goto(`${inject("origin")}/workspace/all/${conversationId}`);
	await text(page).waitFor();
	return page;
}

/** Where the agent writes. */
export const text = (page: Page): Locator =>
	page.getByRole("form", { name: "Write a message" }).getByRole("textbox").first();

/** What was said. */
export const log = (page: Page): Locator => page.getByRole("log");

/** The messages that have some words. */
export const message = (page: Page, words: string): Locator =>
	log(page).getByRole("article").filter({ hasText: words });

export const sendVia = (page: Page, channel: string): Locator =>
	page.getByRole("button", { name: `Send via ${channel}` });

export const channelMenu = (page: Page): Locator =>
	page.getByRole("button", { name: /Choose where the reply goes/ });

/** Puts a fault of the providers in until what it returns is called, which says how often it has fired. */
export async function fault(rule: object): Promise<() => Promise<number>> {
	const { id } = await provider<{ id: string }>("POST", "/sim/faults", { id: fresh("f"), ...rule });
	return async () => {
		const { faults } = await provider<{ faults: { id: string; fired: number }[] }>("GET", "/sim/faults");
		await provider("DELETE", `/sim/faults/${id}`);
		return faults.find((one) => one.id === id)?.fired ?? 0;
	};
}
