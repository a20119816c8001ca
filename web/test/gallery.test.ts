/** Every state of every surface: drawn, looked at for what keeps people out, and kept as a picture. */

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { violations } from "./axe.js";
import { useBrowser } from "./browser.js";
import { type State, useGallery } from "./gallery.js";

useBrowser();

const pictures = join(import.meta.dirname, "..", "out", "pictures");

const gallery = useGallery();

beforeAll(() => {
	rmSync(pictures, { recursive: true, force: true });
	mkdirSync(pictures, { recursive: true });
});

/** Keeps a picture, and says how much wider than its window the page is. */
async function keep(tab: Page, state: State, way: string): Promise<string[]> {
	const name = `${state.name.replace(/[^a-z0-9]+/gi, "-")}-${way}.png`;
	await tab.screenshot({ path: join(pictures, name) });
	const over = await tab.evaluate(
		() => document.documentElement.scrollWidth - document.documentElement.clientWidth,
	);
	return over > 0 ? [`${state.name}, ${way}: ${over} px too wide`] : [];
}

test("nothing keeps anybody out of any state, and all is as wide as its window", {
	timeout: 300_000,
}, async () => {
	const found = await gallery.each(async (tab, state) => {
		await gallery.draw(tab, state, "theme=light&lang=en");
		const wrong = await violations(tab);
		const wide = await keep(tab, state, "light");
		await tab.emulateMedia({ forcedColors: "active" });
		wide.push(...(await keep(tab, state, "forced")));
		await tab.emulateMedia({ forcedColors: "none" });
		return [...wrong.map((one) => `${state.name}: ${one}`), ...wide];
	});
	expect(found).toEqual([]);
});

test("nor in the dark, in German, and on a narrow window", { timeout: 300_000 }, async () => {
	const found = await gallery.each(
		async (tab, state) => {
			await gallery.draw(tab, state, "theme=dark&lang=de");
			const wrong = await violations(tab);
			const wide = await keep(tab, state, "dark-de");
			await tab.setViewportSize({ width: 320, height: Math.max(state.height, 640) });
			wide.push(...(await keep(tab, state, "narrow")));
			return [...wrong.map((one) => `${state.name}: ${one}`), ...wide];
		},
		{ colorScheme: "dark" },
	);
	expect(found).toEqual([]);
});

test("nor from right to left", { timeout: 300_000 }, async () => {
	const found = await gallery.each(async (tab, state) => {
		await gallery.draw(tab, state, "theme=light&lang=en&dir=rtl");
		return keep(tab, state, "rtl");
	});
	expect(found).toEqual([]);
});

test("violations are found where there are some", async () => {
	const tab = await gallery.list();
	await tab.evaluate(() => document.body.append(document.createElement("button")));
	expect((await violations(tab)).join("\n")).toContain("button-name");
});

test("what is too wide is found", async () => {
	const tab = await gallery.list();
	await tab.evaluate(() => {
		document.body.append(document.createElement("hr"));
		const line = document.querySelector("hr");
		if (line) line.style.inlineSize = "5000px";
	});
	expect(await keep(tab, { name: "too wide", width: 0, height: 0, shows: "" }, "light")).toHaveLength(1);
});
