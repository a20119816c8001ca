/** The workspace around the conversation: what agents see of the inbox, and do in it. */

import type { BrowserContext, Locator, Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import { fresh, logIn } from "./api.js";
import { device, expectComplaints, useBrowser } from "./browser.js";
import { asProgram, type Customer, customer, makeAgent } from "./team.js";

useBrowser();

const desktop = { viewport: { width: 1440, height: 900 } };

/** A page of the workspace of an agent, with only the conversations of a label. */
async function workspace(
	label: string,
	agent = "kim",
	options = {},
): Promise<{ page: Page; browser: BrowserContext }> {
	const browser = await device({ ...desktop, ...options });
	await logIn(browser, agent);
	const page = await browser.newPage();
	await page.goto(`${inject("origin")}/workspace/all?label=${label}`);
	await page.getByRole("navigation", { name: "Views" }).waitFor();
	return { page, browser };
}

/** Customers who have written one after the other, the last one first in the list. */
async function customers(label: string, count: number): Promise<Customer[]> {
	const all: Customer[] = [];
	for (let at = 0; at < count; at++) all.push(await customer(`hello ${at}`, label));
	return all;
}

const rows = (page: Page): Locator => page.locator("#list").getByRole("list").getByRole("link");
const row = (page: Page, of: Customer): Locator => rows(page).filter({ hasText: of.name });
const names = async (page: Page): Promise<string[]> =>
	(await page.locator(".row-name").allTextContents()).map((name) => name.split(",")[0] ?? "");
const toast = (page: Page, text: string | RegExp): Locator =>
	page.locator(".toast").filter({ hasText: text });

test("three panes: widths move by keys and are remembered; the context gives way at 1100 px, the list at 760", async () => {
	const label = fresh("panes");
	const [one] = await customers(label, 1);
	const { page } = await workspace(label);
	await row(page, one as Customer).click();
	const list = page.locator("#list");
	const context = page.getByRole("complementary", { name: "Details" });
	const width = async (pane: Locator) => Math.round((await pane.boundingBox())?.width ?? 0);
	expect(await width(list)).toBe(320);
	expect(await width(context)).toBe(340);

	const border = page.getByRole("separator", { name: "Width of the list" });
	await border.focus();
	await page.keyboard.press("ArrowRight");
	await page.keyboard.press("ArrowRight");
	expect(await width(list)).toBe(352);
	await page.keyboard.press("End");
	expect(await border.getAttribute("aria-valuenow")).toBe("480");
	await page.keyboard.press("Home");
	const grip = await border.boundingBox();
	if (!grip) throw new Error("the border has no place");
	await page.mouse.move(grip.x + 4, 400);
	await page.mouse.down();
	await page.mouse.move(grip.x + 44, 400);
	await page.mouse.up();
	expect(await width(list)).toBe(300);
	await page.reload();
	await context.waitFor();
	expect(await width(list)).toBe(300);

	await page.getByRole("button", { name: "Hide details" }).click();
	await expect.poll(() => context.count()).toBe(0);
	await page.getByRole("button", { name: "Show details" }).click();
	await context.waitFor();

	await page.setViewportSize({ width: 1099, height: 800 });
	await expect.poll(() => context.count()).toBe(0);
	await page.getByRole("button", { name: "Show details" }).click();
	await context.waitFor();
	await page.keyboard.press("Escape");
	await expect.poll(() => context.count()).toBe(0);
	expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-controls"))).toBe("context");

	// What can be done with it leaves room for who it is with.
	await page.setViewportSize({ width: 760, height: 800 });
	expect(await width(page.locator(".thread-title"))).toBeGreaterThanOrEqual(120);
	const close = page.getByRole("button", { name: "Close", exact: true });
	expect(await close.evaluate((button) => button.scrollWidth - button.clientWidth)).toBe(0);
	await page.setViewportSize({ width: 320, height: 640 });
	await expect.poll(() => list.isVisible()).toBe(false);
	expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
	await page.getByRole("button", { name: "Back to the list" }).click();
	await list.waitFor();
	expect(await page.evaluate(() => document.activeElement?.getAttribute("data-id"))).toBe(
		one?.conversationId,
	);
	expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
});

test("a row says who has it and how long the customer has waited, also where names are long", async () => {
	const label = fresh("row");
	const one = await customer("anybody there?", label);
	const agent = await makeAgent("Maximiliane-Oberhuber-Lichtenstein");
	await asProgram("AssignConversation", {
		conversationId: one.conversationId,
		assigneeId: agent,
		clientToken: fresh("t"),
	});
	const browser = await device(desktop);
	await logIn(browser);
	const page = await browser.newPage();
	await page.clock.setSystemTime(Date.now() + 65 * 60_000);
	await page.goto(`${inject("origin")}/workspace/all?label=${label}`);
	await page
		.getByRole("link", { name: /Waiting 1 h.*, Assigned to Maximiliane-Oberhuber-Lichtenstein$/ })
		.waitFor();
	const [line, who] = await Promise.all(
		[".row-facts", ".assignee"].map((part) => row(page, one).locator(part).boundingBox()),
	);
	expect((who?.x ?? 0) + (who?.width ?? 0)).toBeLessThanOrEqual((line?.x ?? 0) + (line?.width ?? 0) + 1);
});

test("a row is one link whose name says who, where, what, and what is new", async () => {
	const label = fresh("row");
	const one = await customer("where is my order?", label);
	const { page } = await workspace(label, await makeAgent("Mia"));
	const link = row(page, one);
	const parts = [one.name, "1 new message", "now", "where is my order\\? .*", "WhatsApp", label];
	await page.getByRole("link", { name: new RegExp(`^${parts.join("\\s*,\\s*")}`) }).waitFor();
	expect(await link.getByText("WhatsApp").isVisible()).toBe(true);
	expect(await link.locator("time").getAttribute("title")).toMatch(/day, .* at /);
	const dot = (of: Locator) => of.evaluate((element) => getComputedStyle(element, "::before").content);
	expect(await dot(link)).not.toBe("none");

	await asProgram("MarkSeen", { conversationId: one.conversationId });
	const kim = await device(desktop);
	await logIn(kim);
	await kim.request.post(`${inject("origin")}/weiche.workspace.v1.WorkspaceService/SendReply`, {
		data: { conversationId: one.conversationId, text: "it comes today", clientToken: fresh("t") },
	});
	await link.getByText("Kim: it comes today").waitFor();
	expect(await dot(link)).toBe("none");
	const own = await kim.newPage();
	await own.goto(`${inject("origin")}/workspace/all?label=${label}`);
	await row(own, one).getByText("You: it comes today").waitFor();

	// Labels are whole or not there, and a program has no name.
	await asProgram("ChangeLabels", {
		conversationId: one.conversationId,
		add: ["delivery", "exchange", "invoice", "refund", "a label that is longer than any row"],
		clientToken: fresh("t"),
	});
	await asProgram("SendReply", {
		conversationId: one.conversationId,
		text: "we are on it",
		clientToken: fresh("t"),
	});
	await row(own, one).getByText("Automatic: we are on it").waitFor();
	const tags = await row(own, one)
		.locator(".tag")
		.evaluateAll((all) => {
			const line = all[0]?.parentElement?.getBoundingClientRect();
			return all.map((tag) => {
				const { top, bottom, right } = tag.getBoundingClientRect();
				const out = !line || top >= line.bottom;
				return out || (bottom <= line.bottom + 1 && right <= line.right + 1) ? (out ? "out" : "in") : "cut";
			});
		});
	expect(tags).toHaveLength(6);
	expect(new Set(tags)).toEqual(new Set(["in", "out"]));
});

test("views have live counts, filters narrow the list, and the address holds it all", async () => {
	const label = fresh("views");
	const first = await customer("by phone", label);
	const second = await customer("by page", label, "messenger");
	const agent = await makeAgent("Noa");
	const { page } = await workspace(label, agent);
	await expect.poll(() => rows(page).count()).toBe(2);
	const view = (name: string) => page.getByRole("navigation", { name: "Views" }).getByRole("link", { name });
	await expect.poll(() => view("Mine").textContent()).toBe("Mine0");
	await asProgram("AssignConversation", {
		conversationId: first.conversationId,
		assigneeId: agent,
		clientToken: fresh("t"),
	});
	await expect.poll(() => view("Mine").textContent()).toBe("Mine1");
	await view("Mine").click();
	await expect.poll(() => names(page)).toEqual([first.name]);
	expect(new URL(page.url()).pathname).toBe("/workspace/mine");
	await view("Unassigned").click();
	await expect.poll(() => rows(page).count()).toBe(1);
	await view("Closed").click();
	await page.getByText("Nothing fits these filters").waitFor();
	await asProgram("CloseConversation", { conversationId: second.conversationId, clientToken: fresh("t") });
	await expect.poll(() => rows(page).count()).toBe(1);

	await view("All").click();
	await expect.poll(() => names(page)).toEqual([first.name]);
	await page.getByRole("button", { name: "Channel: All channels" }).click();
	await page.getByRole("menuitemradio", { name: "Messenger" }).click();
	await page.getByText("Nothing fits these filters").waitFor();
	expect(new URL(page.url()).search).toBe(`?channel=messenger&label=${label}`);
	await page.goBack();
	await expect.poll(() => names(page)).toEqual([first.name]);
	await page.reload();
	await expect.poll(() => names(page)).toEqual([first.name]);
	await page.getByRole("button", { name: "Clear filters" }).click();
	await expect.poll(() => rows(page).count()).toBeGreaterThan(1);
});

test("a new message moves its row up, but never the row under the pointer or the focus", async () => {
	const label = fresh("move");
	const [a, b, c] = (await customers(label, 3)) as [Customer, Customer, Customer];
	const { page } = await workspace(label);
	await expect.poll(() => names(page)).toEqual([c.name, b.name, a.name]);
	const top = async (of: Customer) => (await row(page, of).boundingBox())?.y;

	// The control: where nobody is on a row, rows move.
	await page.mouse.move(900, 500);
	await a.write("me first");
	await expect.poll(() => names(page)).toEqual([a.name, c.name, b.name]);

	await row(page, c).hover();
	const hovered = await top(c);
	await b.write("and now me");
	await expect.poll(() => names(page)).toEqual([b.name, c.name, a.name]);
	await c.write("my own row stays as well");
	await row(page, c).getByText("my own row stays").waitFor();
	expect(await top(c)).toBe(hovered);
	await page.mouse.move(900, 500);
	await expect.poll(() => names(page)).toEqual([c.name, b.name, a.name]);

	await row(page, b).focus();
	const focused = await top(b);
	await a.write("up again");
	await expect.poll(() => names(page)).toEqual([a.name, b.name, c.name]);
	expect(await top(b)).toBe(focused);
	expect(await page.evaluate(() => document.activeElement?.getAttribute("data-id"))).toBe(b.conversationId);
});

test("close, assign and label are one key each, show at once, and are taken back by Undo", async () => {
	const label = fresh("keys");
	const [a, b] = (await customers(label, 2)) as [Customer, Customer];
	const { page } = await workspace(label);
	await row(page, b).focus();

	// What the server has not answered yet is there already.
	let answer = () => {};
	const held = new Promise<void>((resolve) => {
		answer = resolve;
	});
	await page.route("**/CloseConversation", async (route) => {
		await held;
		await route.continue();
	});
	await page.keyboard.press("e");
	await toast(page, "Closed").waitFor();
	await row(page, a).focus();
	await expect.poll(() => names(page)).toEqual([a.name]);
	answer();
	await toast(page, "Closed").getByRole("button", { name: "Undo" }).click();
	await expect.poll(() => rows(page).count()).toBe(2);
	await expect.poll(async () => (await read(b)).status).toBe("CONVERSATION_STATUS_OPEN");

	await row(page, a).focus();
	await page.keyboard.press("a");
	await page.getByRole("dialog", { name: "Assign to" }).waitFor();
	await page.keyboard.type("kim");
	await page.keyboard.press("Enter");
	await toast(page, "Assigned to you").waitFor();
	await row(page, a).getByText("You", { exact: true }).waitFor();
	await row(page, a).focus();
	await page.keyboard.press("z");
	await expect.poll(() => row(page, a).getByText("You", { exact: true }).count()).toBe(0);

	await row(page, a).focus();
	await page.keyboard.press("l");
	const other = fresh("vip");
	await page.keyboard.type(other);
	await page.keyboard.press("Enter");
	await page.keyboard.press("Escape");
	await row(page, a).getByText(other).waitFor();
	await expect.poll(async () => (await read(a)).labels).toEqual([label, other].sort());
});

test("what somebody has taken back already is not offered to be taken back", async () => {
	const label = fresh("moot");
	const [a] = (await customers(label, 1)) as [Customer];
	const { page } = await workspace(label);
	const closed = toast(page, "Closed");
	await row(page, a).focus();
	await page.keyboard.press("e");
	await closed.waitFor();
	await expect.poll(async () => (await read(a)).status).toBe("CONVERSATION_STATUS_CLOSED");
	await a.write("one more thing");
	await closed.waitFor({ state: "detached" });
	// The control: what still stands is offered.
	await row(page, a).focus();
	await page.keyboard.press("e");
	await closed.getByRole("button", { name: "Undo" }).click();
	await expect.poll(async () => (await read(a)).status).toBe("CONVERSATION_STATUS_OPEN");
});

/** A conversation as the server has it. */
async function read(of: Customer): Promise<{ assigneeId?: string; status?: string; labels?: string[] }> {
	const said = await asProgram<unknown, { summary: object }>("GetConversation", {
		conversationId: of.conversationId,
	});
	return said.summary;
}

test("a conflict is told in words: who took it before, and that nothing is undone that is another's now", async () => {
	const label = fresh("conflict");
	const [a] = (await customers(label, 1)) as [Customer];
	const ben = await makeAgent("Ben");
	const { page } = await workspace(label);
	await row(page, a).focus();
	const take = async () => {
		await page.keyboard.press("a");
		await page.keyboard.type("kim");
		await page.keyboard.press("Enter");
	};
	const give = (assigneeId: string) =>
		asProgram("AssignConversation", {
			conversationId: a.conversationId,
			assigneeId,
			clientToken: fresh("t"),
		});

	// Ben takes it while Kim's word is on its way.
	await page.route("**/AssignConversation", async (route) => {
		await give(ben);
		await route.continue();
	});
	await take();
	await toast(page, "Ben took this a moment before. It is assigned to Kim now.").waitFor();
	await page.unroute("**/AssignConversation");

	// Ben takes it after Kim had it: Kim's Undo would take it from Ben.
	// Whoever is about to press Undo has all the time.
	await toast(page, "Assigned to you").hover();
	await give(ben);
	await row(page, a).getByText("Ben").waitFor();
	await toast(page, "Assigned to you").getByRole("button", { name: "Undo" }).click();
	await toast(page, "nothing was undone. It is assigned to Ben now.").waitFor();
	expect((await read(a)).assigneeId).toBe(ben);
});

test("what the server refuses is taken back and said, with a way on", async () => {
	const label = fresh("refused");
	const [a] = (await customers(label, 1)) as [Customer];
	const { page } = await workspace(label);
	await page.route("**/CloseConversation", (route) => route.abort());
	// The key goes to the row, also where the list is drawn anew meanwhile.
	await row(page, a).press("e");
	await toast(page, "Not saved.").waitFor();
	await expect.poll(() => names(page)).toEqual([a.name]);
	await page.unroute("**/CloseConversation");
	expectComplaints(/ERR_FAILED/);
	await toast(page, "Not saved.").getByRole("button", { name: "Try again" }).click();
	await expect.poll(async () => (await read(a)).status).toBe("CONVERSATION_STATUS_CLOSED");
});

test("keys lead through the list and into conversations; not while somebody types, and not when they are off", async () => {
	const label = fresh("jk");
	const [a, b, c] = (await customers(label, 3)) as [Customer, Customer, Customer];
	const { page } = await workspace(label);
	await row(page, c).waitFor();
	const at = () => page.evaluate(() => document.activeElement?.getAttribute("data-id"));
	await page.keyboard.press("j");
	expect(await at()).toBe(c.conversationId);
	await page.keyboard.press("j");
	await page.keyboard.press("j");
	expect(await at()).toBe(a.conversationId);
	await page.keyboard.press("k");
	expect(await at()).toBe(b.conversationId);
	await page.keyboard.press("Enter");
	await expect.poll(() => page.url()).toContain(b.conversationId);
	const heading = page.getByRole("main").getByRole("heading", { level: 2 });
	await expect.poll(() => heading.evaluate((element) => element === document.activeElement)).toBe(true);
	await page.keyboard.press("j");
	await expect.poll(() => page.url()).toContain(a.conversationId);

	await page.keyboard.press("Control+k");
	const palette = page.getByRole("dialog", { name: "Commands" });
	await palette.getByRole("combobox").fill(c.name);
	await palette.getByRole("option", { name: c.name }).waitFor();
	await page.keyboard.press("Enter");
	await expect.poll(() => page.url()).toContain(c.conversationId);
	expect(await palette.count()).toBe(0);

	await page.keyboard.press("/");
	await page.getByRole("combobox", { name: "Find a conversation" }).fill("jjkke?");
	expect(await page.getByRole("combobox").inputValue()).toBe("jjkke?");
	await page.keyboard.press("Escape");

	const message = page.getByRole("main").getByRole("textbox").first();
	await message.waitFor();
	await page.keyboard.press("r");
	await expect.poll(() => message.evaluate((element) => element === document.activeElement)).toBe(true);
	await page.keyboard.type("je?");
	expect(page.url()).toContain(c.conversationId);
	expect(await page.locator(".toast").count()).toBe(0);

	await heading.focus();
	await page.keyboard.press("?");
	const help = page.getByRole("dialog", { name: "Keyboard" });
	await help.getByRole("checkbox", { name: "Single keys do something" }).uncheck();
	await page.keyboard.press("Escape");
	await heading.focus();
	await page.keyboard.press("j");
	await page.keyboard.press("e");
	await page.keyboard.press("Control+k"); // what comes with a modifier still works
	await palette.waitFor();
	expect(page.url()).toContain(c.conversationId);
	expect(await page.locator(".toast").count()).toBe(0);
});

test("landmarks, one h1, a skip link, and the number of unread conversations in the title", async () => {
	const label = fresh("marks");
	const [a] = (await customers(label, 1)) as [Customer];
	const { page } = await workspace(label);
	await row(page, a).waitFor();
	for (const role of ["banner", "main", "navigation"] as const)
		expect(await page.getByRole(role).count()).toBe(1);
	expect(await page.getByRole("heading", { level: 1 }).allTextContents()).toEqual(["All open conversations"]);
	await expect.poll(() => page.title()).toMatch(/^\(\d+\) All \u00b7 Weiche$/);
	await page.keyboard.press("Tab");
	await page.keyboard.press("Enter");
	await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("main");
	// The list is one stop of the tabulator, however long it is.
	expect(await page.locator(".row[tabindex='0']").count()).toBe(1);
});
