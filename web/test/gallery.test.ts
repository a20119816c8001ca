/** Every state of every surface: drawn, looked at for what keeps people out, and kept as a picture. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, extname, join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { violations } from "./axe.js";
import { device, useBrowser } from "./browser.js";

useBrowser();

const web = join(import.meta.dirname, "..");
const bundles = join(web, "out", "gallery");
const pictures = join(web, "out", "pictures");

/** What pages of ours are served with, so that the gallery shows what they would. */
const policy =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " +
	"connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const page = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"><title>Gallery</title><script type="module" src="/gallery.js"></script></html>`;

let server: Server;
let origin = "";

beforeAll(async () => {
	rmSync(pictures, { recursive: true, force: true });
	mkdirSync(pictures, { recursive: true });
	execFileSync("go", ["run", "weiche/web/bundle", "-gallery", bundles], {
		cwd: join(web, ".."),
		stdio: "inherit",
	});
	server = createServer((request, answer) => {
		const { pathname } = new URL(request.url ?? "/", "http://gallery");
		const type = { ".js": "text/javascript", ".css": "text/css" }[extname(pathname)];
		answer.setHeader("Content-Type", `${type ?? "text/html"}; charset=utf-8`);
		answer.setHeader("Content-Security-Policy", policy);
		const file = join(bundles, basename(pathname));
		// What is all in a shadow root has no styles beside it; frames of pages stay empty.
		if (type) answer.end(existsSync(file) ? readFileSync(file) : "");
		else answer.end(pathname === "/" ? page : `<!doctype html><html lang="en"><title>A frame</title></html>`);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
	server.close();
	server.closeAllConnections();
});

/** State is one state of the gallery, as its list has it. */
interface State {
	name: string;
	width: number;
	height: number;
	/** What is there once it is drawn. */
	shows: string;
}

async function states(): Promise<State[]> {
	const tab = await (await device()).newPage();
	await tab.goto(origin);
	await tab.waitForSelector("html[data-drawn]");
	const all = await tab.locator("[data-state]").evaluateAll((links) =>
		links.map((one) => {
			const [width, height] = (one.getAttribute("data-size") ?? "").split("x").map(Number);
			return {
				name: one.getAttribute("data-state") ?? "",
				width: width ?? 0,
				height: height ?? 0,
				shows: one.getAttribute("data-shows") ?? "body *",
			};
		}),
	);
	const only = process.env.STATES ?? "";
	return all.filter((one) => one.name.startsWith(only));
}

async function draw(tab: Page, state: State, query: string): Promise<void> {
	await tab.setViewportSize(state);
	await tab.goto(`${origin}/?state=${encodeURIComponent(state.name)}&${query}`);
	await tab.waitForSelector(`html[data-drawn="${state.name}"]`, { state: "attached" });
	await tab.waitForSelector(state.shows, { state: "attached" }).catch(() => {
		throw new Error(`${state.name} does not show ${state.shows}`);
	});
	await tab.evaluate(() => document.fonts.ready);
}

/** Keeps a picture, and says how much wider than its window the page is. */
async function keep(tab: Page, state: State, way: string): Promise<string[]> {
	const name = `${state.name.replace(/[^a-z0-9]+/gi, "-")}-${way}.png`;
	await tab.screenshot({ path: join(pictures, name) });
	const over = await tab.evaluate(
		() => document.documentElement.scrollWidth - document.documentElement.clientWidth,
	);
	return over > 0 ? [`${state.name}, ${way}: ${over} px too wide`] : [];
}

/** Looks at every state in so many tabs at once, and returns all that was found. */
async function each(look: (tab: Page, state: State) => Promise<string[]>, dark = false): Promise<string[]> {
	const rest = await states();
	expect(rest.length, "states").toBeGreaterThan(0);
	const context = await device({ colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" });
	const found: string[] = [];
	const tabs = Array.from({ length: 2 }, async () => {
		const tab = await context.newPage();
		for (let state = rest.shift(); state; state = rest.shift()) found.push(...(await look(tab, state)));
	});
	await Promise.all(tabs);
	return found;
}

test("nothing keeps anybody out of any state, and all is as wide as its window", {
	timeout: 300_000,
}, async () => {
	const found = await each(async (tab, state) => {
		await draw(tab, state, "theme=light&lang=en");
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
	const found = await each(async (tab, state) => {
		await draw(tab, state, "theme=dark&lang=de");
		const wrong = await violations(tab);
		const wide = await keep(tab, state, "dark-de");
		await tab.setViewportSize({ width: 320, height: Math.max(state.height, 640) });
		wide.push(...(await keep(tab, state, "narrow")));
		return [...wrong.map((one) => `${state.name}: ${one}`), ...wide];
	}, true);
	expect(found).toEqual([]);
});

test("nor from right to left", { timeout: 300_000 }, async () => {
	const found = await each(async (tab, state) => {
		await draw(tab, state, "theme=light&lang=en&dir=rtl");
		return keep(tab, state, "rtl");
	});
	expect(found).toEqual([]);
});

test("violations are found where there are some", async () => {
	const tab = await (await device()).newPage();
	await tab.goto(origin);
	await tab.waitForSelector("html[data-drawn]");
	await tab.evaluate(() => document.body.append(document.createElement("button")));
	expect((await violations(tab)).join("\n")).toContain("button-name");
});

test("what is too wide is found", async () => {
	const tab = await (await device()).newPage();
	await tab.goto(origin);
	await tab.waitForSelector("html[data-drawn]");
	await tab.evaluate(() => {
		document.body.append(document.createElement("hr"));
		const line = document.querySelector("hr");
		if (line) line.style.inlineSize = "5000px";
	});
	expect(await keep(tab, { name: "too wide", width: 0, height: 0, shows: "" }, "light")).toHaveLength(1);
});
