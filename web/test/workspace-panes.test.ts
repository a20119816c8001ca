/** Every pane of the workspace while what it shows is loading, cannot be had, or is there already. */

import type { Page, Route } from "playwright-core";
import { expect, inject, test } from "vitest";
import { fresh, logIn } from "./api.js";
import { device, expectComplaints, useBrowser } from "./browser.js";
import { message, open } from "./desk.js";
import { Person } from "./person.js";
import { customer } from "./team.js";

useBrowser();

/** Lets calls of a method wait until they are answered or let through. */
async function gate(page: Page, method: string): Promise<{ held: Route[]; lift(): Promise<void> }> {
	const held: Route[] = [];
	let lifted = false;
	await page.route(`**/*WorkspaceService/${method}`, async (route) => {
		if (lifted) await route.continue();
		else held.push(route);
	});
	return {
		held,
		lift: async () => {
			lifted = true;
			for (const route of held.splice(0)) await route.continue();
		},
	};
}

const unavailable = { status: 503, json: { code: "unavailable" } };

test("the conversation, the customer and the events say that they load, that they failed, and are tried again (22)", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	const browser = await device({ viewport: { width: 1440, height: 900 } });
	await logIn(browser);
	const page = await browser.newPage();
	const conversation = await gate(page, "GetConversation");
	const who = await gate(page, "GetCustomer");
	await page.goto(`${inject("origin")}/workspace/all/${ana.conversationId}`);
	const thread = page.getByRole("main");
	const around = page.locator("#context");

	await thread.getByRole("status").getByText("Loading the conversation").waitFor({ state: "attached" });
	await around.getByRole("status").getByText("Loading the customer").waitFor({ state: "attached" });
	await expect.poll(() => conversation.held.length).toBe(1);
	await conversation.held.splice(0)[0]?.fulfill(unavailable);
	await thread.getByRole("alert").getByText("The conversation could not be loaded.").waitFor();
	await around.getByRole("alert").getByText("The customer could not be loaded.").waitFor();
	await conversation.lift();
	await thread.getByRole("button", { name: "Try again" }).click();
	await message(page, "Hello").waitFor();

	await expect.poll(() => who.held.length).toBe(1);
	await who.held.splice(0)[0]?.fulfill(unavailable);
	await around.getByRole("alert").getByText("The customer could not be loaded.").waitFor();
	await who.lift();
	await around.getByRole("button", { name: "Try again" }).click();
	await around.getByRole("heading", { level: 3 }).first().waitFor();

	const events = await gate(page, "ListConversationEvents");
	await around.getByRole("tab", { name: "Events" }).click();
	await around.getByRole("status").getByText("Loading").waitFor({ state: "attached" });
	await expect.poll(() => events.held.length).toBe(1);
	await events.held.splice(0)[0]?.fulfill(unavailable);
	await around.getByRole("alert").waitFor();
	await events.lift();
	await around.getByRole("button", { name: "Try again" }).click();
	await around.getByText("message.created").first().waitFor();
	expectComplaints(/503/);
});

test("offline, what was read stays in every pane, and what was not says so and is there afterwards (22)", async () => {
	const label = fresh("panes");
	const one = await customer("first words", label);
	const other = await customer("other words", label);
	const browser = await device({ viewport: { width: 1440, height: 900 } });
	const page = await open(one.conversationId, browser);
	await message(page, "first words").waitFor();
	const around = page.locator("#context");
	await around.getByRole("heading", { name: one.name }).waitFor();
	const list = page.getByRole("region", { name: "Conversations" });

	await browser.setOffline(true);
	await page
		.locator(".connection")
		.getByText(/Connection lost|offline/i)
		.waitFor();
	await list.getByText("other words").waitFor();
	expect(await message(page, "first words").isVisible()).toBe(true);
	expect(await around.getByRole("heading", { name: one.name }).isVisible()).toBe(true);

	await list.getByRole("link").filter({ hasText: "other words" }).click();
	await page.getByRole("main").getByRole("alert").getByText("could not be loaded").waitFor();
	await around.getByRole("alert").getByText("could not be loaded").waitFor();
	await browser.setOffline(false);
	await around.getByRole("button", { name: "Try again" }).click();
	await message(page, "other words").waitFor();
	await around.getByRole("heading", { name: other.name }).waitFor();
	expectComplaints(/ERR_INTERNET_DISCONNECTED|WebSocket/);
});

test("the first rows need nothing but the rows, and a conversation that was loaded needs no call (2)", async () => {
	const label = fresh("order");
	const one = await customer("first words", label);
	await customer("other words", label);
	await customer("unread words", label);
	const browser = await device({ viewport: { width: 1440, height: 900 } });
	await logIn(browser);
	const page = await browser.newPage();
	const lists: string[] = [];
	page.on("request", (request) => {
		if (request.url().endsWith("/ListConversations")) lists.push(request.url());
	});
	const others = await gate(page, "{Count,Get}{Conversations,Conversation,Customer}");
	await page.routeWebSocket("**/v1/stream", () => {});
	await page.goto(`${inject("origin")}/workspace/all/${one.conversationId}?label=${label}`);
	const row = (words: string) => page.locator(".row[data-id]").filter({ hasText: words });
	await row("first words").waitFor();
	await expect
		.poll(() => others.held.length, { message: "calls that the rows did not wait for" })
		.toBeGreaterThan(1);
	expect(lists).toHaveLength(1);
	await others.lift();
	await message(page, "first words").waitFor();
	await row("other words").click();
	await message(page, "other words").waitFor();
	const all = await gate(page, "*");
	await row("first words").click();
	await message(page, "first words").waitFor();
	await row("other words").click();
	await message(page, "other words").waitFor();
	expect(all.held).toEqual([]);
	// What was never loaded is asked for, which is heard of.
	await row("unread words").click();
	await expect.poll(() => all.held.length).toBeGreaterThan(0);
	await all.lift();
	await message(page, "unread words").waitFor();
});
