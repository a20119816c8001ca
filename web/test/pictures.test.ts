/**
 * The pictures of the README, of the real program with the demo's data: npm run pictures.
 * They are made when somebody asks for them, and committed.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { FrameLocator, Locator, Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import { provider } from "./api.js";
import { device, useBrowser } from "./browser.js";

useBrowser();

const folder = join(import.meta.dirname, "..", "..", "docs", "pictures");

function keep(what: Page | Locator, name: string): Promise<Buffer> {
	return what.screenshot({ path: join(folder, `${name}.png`), animations: "disabled", caret: "hide" });
}

async function write(shop: FrameLocator, text: string): Promise<void> {
	await shop.getByRole("textbox").fill(text);
	await shop.getByRole("textbox").press("Enter");
	await shop.getByRole("log").getByText(text).waitFor();
}

async function isAround(one: Locator, other: Locator): Promise<boolean> {
	const [out, into] = await Promise.all([one.boundingBox(), other.boundingBox()]);
	return !!out && !!into && out.y < into.y && out.y + out.height > into.y + into.height;
}

test.runIf(process.env.PICTURES)("the pictures of the README", { timeout: 180_000 }, async () => {
	mkdirSync(folder, { recursive: true });
	const person = "Maria";
	await provider("POST", "/sim/people", { name: person });
	const context = await device({ viewport: { width: 1280, height: 860 }, reducedMotion: "reduce" });
	const page = await context.newPage();
	await page.goto(`${inject("origin")}/demo?phone=${person}`);
	const shop = page.frameLocator('iframe[title="The shop"]');
	const desk = page.frameLocator('iframe[title="The workspace"]');
	const phone = page.getByRole("region", { name: `${person}'s phone` });
	const reply = async (text: string, place: string) => {
		await desk.getByRole("textbox", { name: `Reply via ${place}` }).fill(text);
		await desk.getByRole("button", { name: `Send via ${place}` }).click();
	};

	await shop.getByRole("button", { name: "Open chat" }).click();
	await write(shop, "Hi, is the blue jacket still there in M?");
	await desk.getByRole("link").filter({ hasText: "blue jacket still there in M" }).first().click();
	await reply("It is. Two of them are left.", "web chat");
	await shop.getByRole("log").getByText("Two of them are left.").waitFor();

	await shop.getByRole("button", { name: "Continue on another app" }).click();
	await shop.getByRole("menuitem", { name: "WhatsApp" }).click();
	await shop.getByRole("img", { name: /QR/ }).waitFor();
	await keep(shop.getByRole("dialog"), "code");

	await phone.getByRole("navigation").getByRole("button", { name: "Scan" }).click();
	await phone.getByRole("button", { name: "Send", exact: true }).click();
	await phone.getByRole("button", { name: "Yes, continue here" }).click();
	await reply("Shall I keep one for you?", "WhatsApp");
	await phone.getByRole("log").getByText("Shall I keep one for you?").waitFor();
	await phone.getByRole("textbox", { name: "Message" }).fill("Yes please, I am on the bus now.");
	await phone.getByRole("button", { name: "Send", exact: true }).click();
	await shop.getByRole("button", { name: "Back to the chat" }).click();
	await shop.getByRole("log").getByText("I am on the bus now.").waitFor();
	await reply("It is put aside under your name.", "WhatsApp");
	await shop.getByRole("log").getByText("put aside").waitFor();
	await keep(shop.getByRole("dialog"), "chat");
	await phone.getByRole("log").getByText("put aside").waitFor();
	await page.setViewportSize({ width: 1280, height: 650 });
	await page.locator(".beacon").waitFor();
	await expect.poll(() => isAround(page.locator(".beacon"), shop.getByRole("textbox"))).toBe(true);
	await keep(page, "demo");

	const work = await context.newPage();
	await work.setViewportSize({ width: 1100, height: 640 });
	await work.goto(`${inject("origin")}/workspace/`);
	await work.getByRole("link").filter({ hasText: "put aside" }).first().click();
	await work.getByRole("log").getByText("put aside").waitFor();
	await keep(work, "workspace");
});
