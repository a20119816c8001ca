/** A real browser for tests, whose pages may not complain. */

import {
	type Browser,
	type BrowserContext,
	type BrowserContextOptions,
	chromium,
	type Page,
} from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";

/** Where Debian, Ubuntu and the variable have it. */
const executable = process.env.CHROMIUM ?? "/usr/bin/chromium";

let browser: Browser | undefined;
const contexts = new Set<BrowserContext>();

/** Complaints are what pages wrote to the console as errors, and what they threw. */
const complaints: string[] = [];

/** To be called once in a test file: a browser for its tests, and no complaints of any page. */
export function useBrowser(): void {
	beforeAll(async () => {
		browser = await chromium.launch({
			executablePath: executable,
			args: ["--no-sandbox", "--disable-gpu", "--disable-quic"],
		});
	});
	afterEach(async () => {
		for (const context of contexts) await context.close();
		contexts.clear();
		expect(complaints.splice(0), "what pages complained about").toEqual([]);
	});
	afterAll(async () => {
		await browser?.close();
	});
}

/** A new person at a new device. */
export async function device(options: BrowserContextOptions = {}): Promise<BrowserContext> {
	if (!browser) throw new Error("useBrowser was not called");
	const context = await browser.newContext({ locale: "en-US", timezoneId: "Europe/Berlin", ...options });
	contexts.add(context);
	context.on("page", (page) => watch(page));
	return context;
}

/** Takes complaints that match out: those that a test brings about on purpose. */
export function expectComplaints(of: RegExp): void {
	const rest = complaints.splice(0).filter((complaint) => !of.test(complaint));
	complaints.push(...rest);
}

function watch(page: Page): void {
	page.on("console", (message) => {
		if (message.type() === "error")
			complaints.push(`${page.url()}: ${message.text()} (${message.location().url})`);
	});
	page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error}`));
	page.on("dialog", (dialog) => {
		complaints.push(`${page.url()}: a dialog: ${dialog.message()}`);
		void dialog.dismiss();
	});
}
