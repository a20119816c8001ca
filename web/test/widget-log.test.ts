/** Where the log of the chat is scrolled to, whatever comes. */

import { expect, test } from "vitest";
import { makeWidget } from "./api.js";
import { device, useBrowser } from "./browser.js";
import { useSite } from "./site.js";
import { atEnd, open, reply, write } from "./talk.js";

useBrowser();
const site = useSite();

test("the log keeps its place, counts what came below, and pages to the first message", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (await device()).newPage();
	await page.goto(site.withWidget(id));
	await open(page);
	const conversation = await write(page, id, "Hello");
	for (let at = 0; at < 62; at++) await reply(conversation, `message ${at}`);
	await page.getByText("message 61", { exact: true }).waitFor();
	expect(await atEnd(page)).toBe(true);
	await page.reload();
	await open(page);
	await page.getByText("message 61", { exact: true }).waitFor();
	await expect.poll(() => atEnd(page)).toBe(true);
	const log = page.getByRole("log");
	// The page hears of it with the next frame.
	await log.evaluate(async (element) => {
		element.scrollTop = 300;
		for (let frames = 0; frames < 2; frames++) await new Promise(requestAnimationFrame);
	});
	await reply(conversation, "one below");
	await reply(conversation, "two below");
	const below = page.getByRole("button", { name: "2 new messages" });
	await below.waitFor();
	expect(await atEnd(page)).toBe(false);
	// Older messages come above what is read, which stays where it is.
	const anchor = page.getByText("message 36", { exact: true });
	await anchor.scrollIntoViewIfNeeded();
	const before = await anchor.boundingBox();
	const asked = page.waitForResponse((answer) => answer.url().endsWith("GetTimeline"));
	await log.evaluate((element) => {
		element.scrollTop = 100;
	});
	const moved = await anchor.boundingBox();
	expect(moved?.y).not.toBe(before?.y);
	await asked;
	await page.getByText("message 20", { exact: true }).waitFor();
	await expect
		.poll(async () => Math.abs(((await anchor.boundingBox())?.y ?? 0) - (moved?.y ?? 0)))
		.toBeLessThan(2);
	await log.evaluate((element) => {
		element.scrollTop = 0;
	});
	await page.getByText("Hello", { exact: true }).waitFor();
	expect(await page.getByText(/^message \d+$/).count()).toBe(62);
	await below.click();
	await expect.poll(() => atEnd(page)).toBe(true);
	await below.waitFor({ state: "detached" });
});

test("who scrolls away in the moment in which a message comes stays where they are", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (await device()).newPage();
	// What comes by the socket waits until the test lets it come.
	interface Held {
		on: boolean;
		waiting: { said: string; tell(): void }[];
	}
	await page.addInitScript(() => {
		const held: Held = { on: false, waiting: [] };
		Object.assign(window, { held });
		const { addEventListener } = WebSocket.prototype;
		WebSocket.prototype.addEventListener = function (this: WebSocket, ...[type, hear]: [string, unknown]) {
			const heard = (event: Event) => {
				const tell = () => (hear as (event: Event) => void)(event);
				if (held.on && type === "message")
					held.waiting.push({ said: String((event as MessageEvent).data), tell });
				else tell();
			};
			addEventListener.call(this, type, heard);
		} as typeof addEventListener;
	});
	await page.goto(site.withWidget(id));
	await open(page);
	const conversation = await write(page, id, "Hello");
	for (let at = 0; at < 12; at++) await reply(conversation, `message ${at}\n${"line\n".repeat(3)}`);
	await page.getByRole("log").getByText("message 11").waitFor();
	await expect.poll(() => atEnd(page)).toBe(true);
	await page.evaluate(() => {
		(window as unknown as { held: Held }).held.on = true;
	});
	await reply(conversation, "one below");
	await page.waitForFunction(() =>
		(window as unknown as { held: Held }).held.waiting.some(({ said }) => said.includes("one below")),
	);
	const log = page.getByRole("log");
	await log.evaluate((element) => {
		const { held } = window as unknown as { held: Held };
		element.scrollTop = 123;
		held.on = false;
		for (const { tell } of held.waiting) tell();
	});
	await page.getByRole("button", { name: "1 new message" }).waitFor();
	expect(await log.evaluate((element) => element.scrollTop)).toBe(123);
});
