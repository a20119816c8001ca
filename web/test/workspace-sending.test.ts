/** Replies whose answer is lost, whose route has moved, and whose session has ended. */

import type { Page, Route } from "playwright-core";
import { expect, test } from "vitest";
import type { SendReplyRequestJson } from "../src/gen/weiche/workspace/v1/workspace_pb.js";
import { device, expectComplaints, useBrowser } from "./browser.js";
import { log, message, open, sendVia, text } from "./desk.js";
import { Person } from "./person.js";

useBrowser();

/** Cuts the answers of SendReply off, after the server took the message, while it says so; tells the tokens. */
async function cut(page: Page): Promise<{ on: boolean; tokens: (string | undefined)[] }> {
	const cutting = { on: true, tokens: [] as (string | undefined)[] };
	await page.route("**/SendReply", async (route: Route) => {
		cutting.tokens.push((route.request().postDataJSON() as SendReplyRequestJson).clientToken);
		if (!cutting.on) return route.continue();
		const answer = await route.fetch();
		expect(answer.status()).toBe(200);
		await route.abort();
	});
	return cutting;
}

/** How often the customer got something on the phone, once they have got what was said last. */
async function times(ana: Person, words: string, last: string): Promise<number> {
	const all = async () => (await ana.got("whatsapp")).map((one) => one.text);
	await expect.poll(all).toContain(last);
	return (await all()).filter((one) => one === words).length;
}

test("a reply whose answer is lost is tried again by itself, and the customer gets it once", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	await ana.connect();
	const page = await open(ana.conversationId);
	const cutting = await cut(page);
	await text(page).fill("Only once, please");
	await sendVia(page, "WhatsApp").click();
	await log(page).getByText("Weiche keeps trying, and sends it once only.").waitFor();
	await text(page).fill("And this after it");
	await sendVia(page, "WhatsApp").click();
	await expect.poll(() => cutting.tokens.length).toBeGreaterThan(1);
	cutting.on = false;
	await message(page, "And this after it").getByText("Delivered").waitFor();
	expect(await message(page, "Only once, please").count()).toBe(1);
	expect(await times(ana, "Only once, please", "And this after it")).toBe(1);
	const [token] = cutting.tokens;
	expect(cutting.tokens.slice(0, -1).every((one) => one === token)).toBe(true);
	expectComplaints(/ERR_FAILED/);
});

test("a reply whose answer is lost is taken back, and sent again as it was: it is the same reply", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	await ana.connect();
	const page = await open(ana.conversationId);
	const cutting = await cut(page);
	await text(page).fill("Only once, please");
	await sendVia(page, "WhatsApp").click();
	await log(page).getByRole("button", { name: "Edit" }).click();
	// It was taken after all.
	await message(page, "Only once, please").getByText("Delivered").waitFor();
	expect(await text(page).inputValue()).toBe("Only once, please");
	await page.reload();
	cutting.on = false;
	await expect.poll(() => text(page).inputValue()).toBe("Only once, please");
	await sendVia(page, "WhatsApp").click();
	await expect.poll(() => text(page).inputValue()).toBe("");
	// The control: what says something else is another one.
	await text(page).fill("Only once, please!");
	await sendVia(page, "WhatsApp").click();
	await message(page, "Only once, please!").getByText("Delivered").waitFor();
	expect(await times(ana, "Only once, please", "Only once, please!")).toBe(1);
	expectComplaints(/ERR_FAILED/);
});

test("a reply on its way when the page is loaded anew goes on, and the customer gets it once", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	await ana.connect();
	const page = await open(ana.conversationId);
	const cutting = await cut(page);
	await text(page).fill("Before the reload");
	await sendVia(page, "WhatsApp").click();
	await log(page).getByRole("button", { name: "Try again" }).waitFor();
	await page.reload();
	cutting.on = false;
	await message(page, "Before the reload").getByText("Delivered").waitFor();
	await expect.poll(() => message(page, "Before the reload").count()).toBe(1);
	await text(page).fill("After it");
	await sendVia(page, "WhatsApp").click();
	await message(page, "After it").getByText("Delivered").waitFor();
	expect(await times(ana, "Before the reload", "After it")).toBe(1);
	expect(await text(page).inputValue()).toBe("");
	expectComplaints(/ERR_FAILED/);
});

test("a reply on its way goes on when the page is loaded anew at another place", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	await ana.connect();
	const page = await open(ana.conversationId);
	let away = true;
	await page.route("**/SendReply", (route) => (away ? route.abort() : route.continue()));
	await text(page).fill("Whatever I look at now");
	await sendVia(page, "WhatsApp").click();
	await log(page).getByRole("button", { name: "Try again" }).waitFor();
	away = false;
	await page.goto(page.url().replace(`/${ana.conversationId}`, ""));
	expect(await times(ana, "Whatever I look at now", "Whatever I look at now")).toBe(1);
	expectComplaints(/ERR_FAILED/);
});

test("a draft outlives a reload; what is sent or attached when the session has ended goes on after the log-in (25)", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	const browser = await device();
	const page = await open(ana.conversationId, browser);
	await text(page).fill("Half a sen");
	await page.reload();
	await expect.poll(() => text(page).inputValue()).toBe("Half a sen");
	await text(page).fill("A whole sentence");
	const cookies = await browser.cookies();
	await browser.clearCookies();
	await page.keyboard.press("Enter");
	await page.getByRole("heading", { name: "Your session has ended" }).waitFor();
	expect(page.url()).toContain(ana.conversationId);
	/** As who logs in by another tab. */
	const comeBack = async () => {
		await browser.addCookies(cookies);
		await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
		await page.getByRole("heading", { name: "Your session has ended" }).waitFor({ state: "detached" });
	};
	await comeBack();
	await message(page, "A whole sentence").getByText("Sent", { exact: true }).waitFor();

	await text(page).fill("With a file");
	await browser.clearCookies();
	await page
		.locator("input[type=file]")
		.setInputFiles({ name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("one") });
	await page.getByRole("heading", { name: "Your session has ended" }).waitFor();
	await comeBack();
	await page.getByRole("button", { name: "Remove note.txt" }).waitFor();
	await sendVia(page, "web chat").click();
	await message(page, "With a file").getByText("note.txt").waitFor();
	expectComplaints(/401/);
});

test("a reply with a file is refused where the route has moved since it was read, and comes back to be checked", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	const page = await open(ana.conversationId);
	await text(page).fill("Here it is");
	await page
		.locator("input[type=file]")
		.setInputFiles({ name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("one") });
	await page.getByRole("button", { name: "Remove note.txt" }).waitFor();
	// The customer moves while the reply is on its way to the server.
	await page.route(
		"**/SendReply",
		async (route) => {
			await ana.connect();
			await route.continue();
		},
		{ times: 1 },
	);
	await sendVia(page, "web chat").click();
	await page
		.getByRole("alert")
		.filter({ hasText: "The route changed to WhatsApp meanwhile. Check your message and send it again." })
		.waitFor();
	expect(await text(page).inputValue()).toBe("Here it is");
	await page.getByRole("button", { name: "Remove note.txt" }).waitFor();
	expect(await message(page, "Here it is").count()).toBe(0);
	await sendVia(page, "WhatsApp").click();
	await message(page, "Here it is").getByText("Delivered").waitFor();
	expect(await message(page, "Here it is").count()).toBe(1);
	// The control: plain text goes by the new route, and the agent is told.
	await text(page).fill("Plain text follows");
	await page.route(
		"**/SendReply",
		async (route) => {
			await ana.write("I am back at my desk");
			await route.continue();
		},
		{ times: 1 },
	);
	await sendVia(page, "WhatsApp").click();
	await page.getByText("The route had changed: sent via web chat.").waitFor();
	await message(page, "Plain text follows").getByText("Sent", { exact: true }).waitFor();
	expectComplaints(/400 \(Bad Request\)|409|412/);
});
