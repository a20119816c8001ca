import type { BrowserContext, Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import { logIn, makeWidget } from "./api.js";
import { device, useBrowser } from "./browser.js";
import { Person } from "./person.js";

useBrowser();

/** The agent Kim, at a conversation, with what is known around it. */
async function open(conversationId: string, browser: BrowserContext): Promise<Page> {
	await logIn(browser);
	const page = await browser.newPage();
	page.setDefaultTimeout(10_000);
	await page.goto(`${inject("origin")}/workspace/all/${conversationId}`);
	await details(page).getByRole("tab").first().waitFor();
	return page;
}

const details = (page: Page) => page.locator("#context");
const part = (page: Page, name: string) => details(page).getByRole("region", { name });
const log = (page: Page) => page.getByRole("log");

test("the card has every social identity with channel, handle, date, status and last seen, and copies what is on it (17)", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	await ana.connect();
	const browser = await device({ permissions: ["clipboard-read", "clipboard-write"] });
	const page = await open(ana.conversationId, browser);
	await details(page).getByRole("heading", { name: ana.name }).waitFor();
	const whatsapp = part(page, "Channels").getByRole("listitem").filter({ hasText: "WhatsApp" });
	await whatsapp.getByText("Replies go here").waitFor();
	await whatsapp.getByText(/^Connected .*last seen now$/).waitFor();
	const handle = (await whatsapp.getByText(/^\+\d+$/).textContent()) ?? "";
	await whatsapp.getByRole("button", { name: "Copy WhatsApp: Phone number" }).click();
	await whatsapp.getByText("Copied").waitFor();
	expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(handle);
	const web = part(page, "Channels").getByRole("listitem").filter({ hasText: "Web chat" });
	await web.getByText("Anonymous device").waitFor();
	await part(page, "Other conversations").getByText("There are none.").waitFor();
	await part(page, "Route").getByRole("listitem").first().getByText("WhatsApp").waitFor();
	// It changes as things happen.
	await ana.write("Back here");
	await web.getByText("Replies go here").waitFor();
	await part(page, "Route").getByRole("listitem").first().getByText("Web chat").waitFor();
});

test("a link is offered, shown and cancelled", async () => {
	const ana = await Person.come({ offers: ["whatsapp", "messenger"] });
	await ana.write("Hello");
	const page = await open(ana.conversationId, await device());
	const offers = part(page, "Offer to continue on");
	const instagram = offers.getByRole("listitem").filter({ hasText: "Instagram" });
	await instagram.getByText("not offered by the web chat").waitFor();
	expect(await instagram.getByRole("button").getAttribute("aria-disabled")).toBe("true");
	await offers.getByRole("button", { name: "Messenger" }).click();
	await log(page).getByText("You offered to continue on Messenger").waitFor();
	await offers.getByText(/waits for the code, valid until/).waitFor();
	await offers.getByRole("button", { name: "Cancel the link to Messenger" }).click();
	await log(page).getByText("The link to Messenger was cancelled").waitFor();
	await offers.getByText(/waits for the code/).waitFor({ state: "detached" });
});

test("a link whose channel is withdrawn is not open any more, nor where that is offered again", async () => {
	const ana = await Person.come({ offers: ["whatsapp", "messenger"] });
	await ana.write("Hello");
	const page = await open(ana.conversationId, await device());
	const offers = part(page, "Offer to continue on");
	const links = offers.getByText(/waits for the code, valid until/);
	for (const channel of ["WhatsApp", "Messenger"])
		await offers.getByRole("button", { name: channel, exact: true }).click();
	await expect.poll(() => links.count()).toBe(2);
	await makeWidget({ id: ana.widget, confirmation: "CONFIRMATION_IMMEDIATE", offers: ["messenger"] });
	await offers.getByText("not offered by the web chat").nth(1).waitFor();
	await expect.poll(() => links.count()).toBe(1);
	await makeWidget({
		id: ana.widget,
		confirmation: "CONFIRMATION_IMMEDIATE",
		offers: ["messenger", "whatsapp"],
	});
	await expect.poll(() => offers.getByText("not offered by the web chat").count()).toBe(1);
	expect(await links.count()).toBe(1);
	await offers.getByRole("button", { name: "WhatsApp", exact: true }).click();
	await expect.poll(() => links.count()).toBe(2);
});

test("a channel is disconnected after a question that names the effect, and replies go elsewhere", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	await ana.connect();
	const page = await open(ana.conversationId, await device());
	await details(page).getByRole("button", { name: "Disconnect WhatsApp" }).click();
	const question = page.getByRole("dialog", { name: "Disconnect WhatsApp?" });
	await question.getByText("Replies will go to web chat. What was said stays.").waitFor();
	await question.getByRole("button", { name: "Cancel" }).click();
	await page.getByRole("button", { name: /^Replying via WhatsApp/ }).waitFor();
	await details(page).getByRole("button", { name: "Disconnect WhatsApp" }).click();
	await question.getByRole("button", { name: "Disconnect", exact: true }).click();
	await log(page).getByText("An agent disconnected WhatsApp").waitFor();
	await page.getByRole("button", { name: /^Replying via web chat/ }).waitFor();
	await page.getByText("(WhatsApp was disconnected)", { exact: true }).waitFor();
});

test("the events tell who did what, when and in which order, with the JSON and a command for the record (19)", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	const browser = await device({ permissions: ["clipboard-read", "clipboard-write"] });
	const page = await open(ana.conversationId, browser);
	await details(page).getByRole("tab", { name: "Customer" }).focus();
	await page.keyboard.press("ArrowRight");
	const event = (type: string) => details(page).getByRole("listitem").filter({ hasText: type });
	const created = event("message.created").first();
	await created.getByText(/^Customer · .* · No\. \d+$/).waitFor();
	await created.getByText("message.created", { exact: true }).click();
	const said = JSON.parse((await created.locator("pre").textContent()) ?? "") as { version: string };
	await created.getByRole("button", { name: "Copy as command of message.created" }).click();
	await expect
		.poll(() => page.evaluate(() => navigator.clipboard.readText()))
		.toBe(
			`weiche events --account demo --after ${Number(said.version) - 1} --limit 1 --json conversation-${ana.conversationId}`,
		);
	// What happens comes by itself.
	await page.getByRole("button", { name: "Close", exact: true }).click();
	await event("conversation.closed")
		.getByText(/^You · /)
		.waitFor();
});

test("everything is said in German, mirrored from right to left, and has room in 320 pixels", async () => {
	const ana = await Person.come();
	await ana.write("Hallo");
	await ana.connect(30);
	const browser = await device({ locale: "de-DE", viewport: { width: 320, height: 640 } });
	await logIn(browser);
	const page = await browser.newPage();
	await page.goto(`${inject("origin")}/workspace/all/${ana.conversationId}`);
	await page.getByText("Außerhalb von 24 Stunden. Nur im Web-Chat sichtbar.").waitFor();
	await page.getByRole("button", { name: "Über Web-Chat senden" }).waitFor();
	const wide = () => page.evaluate(() => document.documentElement.scrollWidth);
	expect(await wide()).toBe(320);
	await page.evaluate(() => {
		document.documentElement.dir = "rtl";
	});
	expect(await wide()).toBe(320);
	const [heading, button] = await Promise.all([
		page.getByRole("heading", { level: 2 }).boundingBox(),
		page.getByRole("button", { name: "Über Web-Chat senden" }).boundingBox(),
	]);
	expect((heading?.x ?? 0) + (heading?.width ?? 0)).toBeGreaterThan(160);
	expect(button?.x ?? 320).toBeLessThan(60);
});

test("Escape leaves the text, so that the next key is a key and not a letter to the customer (20)", async () => {
	const ana = await Person.come();
	await ana.write("Are you there?");
	const page = await open(ana.conversationId, await device());
	await page.getByRole("heading", { level: 2 }).and(page.locator(":focus")).waitFor();
	const reply = page.getByRole("textbox", { name: "Reply via web chat" });
	const note = page.getByRole("textbox", { name: "Note for agents" });
	await reply.waitFor();
	await page.keyboard.press("r");
	await page.keyboard.type("Yes, ");
	await page.keyboard.press("Escape");
	await page.keyboard.press("n");
	await note.waitFor();
	await page.keyboard.type("be kind");
	expect(await note.inputValue()).toBe("be kind");
	await page.keyboard.press("Escape");
	await page.keyboard.press("r");
	await reply.waitFor();
	await page.keyboard.type("I am.");
	expect(await reply.inputValue()).toBe("Yes, I am.");
});
