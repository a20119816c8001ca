/** Nothing that people write, are called or name their files runs, or is shown as what it is not. */

import type { BrowserContext, Page } from "playwright-core";
import { afterEach, expect, inject, test } from "vitest";
import { fresh, logIn, makeWidget, provider } from "./api.js";
import { device, expectComplaints, useBrowser } from "./browser.js";
import { files, names, texts } from "./hostile.js";
import { useSite } from "./site.js";

useBrowser();
const site = useSite();

/** What ran, and where pages went to. */
const found: string[] = [];

afterEach(() => expect(found.splice(0), "what ran").toEqual([]));

/** A device that tells what runs, and does not let it out. */
async function guarded(): Promise<BrowserContext> {
	const guard = await device();
	await guard.exposeFunction("ran", () => void found.push("a script of somebody else"));
	await guard.route(
		(url) => ![inject("origin"), site.origin].includes(url.origin) && url.protocol.startsWith("http"),
		(route) => {
			found.push(`a request to ${route.request().url()}`);
			return route.abort();
		},
	);
	guard.on("page", (page) =>
		page.on(
			"framenavigated",
			(frame) => frame === page.mainFrame() || found.push(`a frame at ${frame.url()}`),
		),
	);
	return guard;
}

/** Writes on somebody's phone. */
function write(person: string, message: unknown): Promise<unknown> {
	return provider("POST", `/sim/people/${encodeURIComponent(person)}/send`, {
		integration: "whatsapp",
		...(message as object),
	});
}

/** The words that people said, as a page shows them. */
function shown(tab: Page): Promise<string[]> {
	return tab
		.getByRole("log")
		.locator(".words")
		.evaluateAll((all) => all.map((one) => one.textContent ?? ""));
}

test("the guard sees what runs", async () => {
	const tab = await (await guarded()).newPage();
	await tab.goto(site.put("/control", { body: "<img src=x onerror=ran()>" }));
	await expect.poll(() => found).toContain("a script of somebody else");
	await tab.evaluate(() => fetch("http://canary.example/").catch(() => {}));
	expect(found).toContain("a request to http://canary.example/");
	found.length = 0;
	expectComplaints(/Failed to load resource/);
});

test("texts are texts, in the widget and in the workspace", { timeout: 240_000 }, async () => {
	const widget = await makeWidget({ origins: [site.origin], confirmation: "CONFIRMATION_IMMEDIATE" });
	const visitor = await (await guarded()).newPage();
	await visitor.goto(site.withWidget(widget));
	await visitor.getByRole("button", { name: "Open chat" }).click();
	await visitor.getByRole("button", { name: "Continue on another app" }).click();
	await visitor.getByRole("menuitem", { name: "WhatsApp" }).click();
	const url = await visitor.getByRole("link", { name: "Open WhatsApp on this device" }).getAttribute("href");
	const person = fresh("Mallory");
	await provider("POST", "/sim/people", { name: person });
	await provider("POST", `/sim/people/${person}/open`, { url, send: true });
	await visitor.getByText("Connected.").first().waitFor();
	await visitor.getByRole("button", { name: "Back", exact: true }).click();

	const agent = await guarded();
	await logIn(agent);
	const workspace = await agent.newPage();
	await workspace.goto(`${inject("origin")}/workspace/all`);
	await workspace.getByRole("link", { name: person }).click();
	await workspace.getByRole("log").waitFor();

	for (const text of texts) await write(person, { text });
	for (const tab of [visitor, workspace]) {
		await expect
			.poll(async () => (await shown(tab)).filter((text) => texts.includes(text)), {
				timeout: 60_000,
				interval: 500,
			})
			.toEqual(texts);
	}
	for (const link of await visitor.getByRole("log").getByRole("link").all()) {
		expect(await link.getAttribute("href")).toMatch(/^https?:/);
		expect(await link.getAttribute("rel")).toContain("noopener");
	}
});

test("names of people are names, in the list and on the card", { timeout: 120_000 }, async () => {
	const agent = await guarded();
	await logIn(agent);
	const workspace = await agent.newPage();
	await workspace.goto(`${inject("origin")}/workspace/all`);
	await workspace.getByRole("main").waitFor();
	for (const name of names) {
		await provider("POST", "/sim/people", { name });
		const text = fresh("hello");
		await write(name, { text });
		await workspace.getByText(text).first().click();
		await workspace.getByRole("log").getByText(text).waitFor();
		await expect.poll(() => workspace.getByRole("heading", { level: 2 }).allTextContents()).toContain(name);
	}
});

test("names of files are names", { timeout: 120_000 }, async () => {
	const agent = await guarded();
	await logIn(agent);
	const person = fresh("Mallory");
	await provider("POST", "/sim/people", { name: person });
	const data = Buffer.from("nothing to see").toString("base64");
	for (const name of files)
		await write(person, { text: "", media: { kind: "document", mime_type: "text/plain", data, name } });
	const workspace = await agent.newPage();
	await workspace.goto(`${inject("origin")}/workspace/all`);
	await workspace.getByRole("link", { name: person }).click();
	for (const name of files)
		await workspace.getByRole("log").getByText(name, { exact: true }).first().waitFor();
});
