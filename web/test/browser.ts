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
/** Those that the test brings about on purpose. */
const expected: RegExp[] = [];

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
		const meant = expected.splice(0);
		const rest = complaints.splice(0).filter((one) => !meant.some((of) => of.test(one)));
		expect(rest, "what pages complained about").toEqual([]);
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

/**
 * Takes complaints that match out: those that a test brings about on purpose. It is of the
 * whole test: the browser may tell of one after the page has shown what came of it.
 */
export function expectComplaints(of: RegExp): void {
	expected.push(of);
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
