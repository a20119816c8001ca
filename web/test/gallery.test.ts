/** Every state of every surface: drawn, looked at for what keeps people out, and kept as a picture. */

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { device, useBrowser } from "./browser.js";

useBrowser();

const web = join(import.meta.dirname, "..");
const bundles = join(web, "out", "gallery");
const pictures = join(web, "out", "pictures");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What pages of ours are served with, so that the gallery shows what they would. */
const policy =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

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
		const types: Record<string, string> = { "/gallery.js": "text/javascript", "/gallery.css": "text/css" };
		const type = types[pathname];
		answer.setHeader("Content-Type", `${type ?? "text/html"}; charset=utf-8`);
		answer.setHeader("Content-Security-Policy", policy);
		if (type) answer.end(readFileSync(join(bundles, pathname)));
		else if (pathname !== "/") answer.writeHead(404).end();
		else
			answer.end(
				`<!doctype html><html lang="en"><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"><title>Gallery</title><link rel="stylesheet" href="/gallery.css"><script type="module" src="/gallery.js"></script></html>`,
			);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
	server.close();
	server.closeAllConnections();
});

/** Looks for violations of WCAG A, AA, 2.2 and best practice. */
async function violations(tab: Page): Promise<string[]> {
	await tab.evaluate(axe);
	const options: RunOptions = {
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
		rules: { "target-size": { enabled: true } },
	};
	const found = (await tab.evaluate(
		(how) => (globalThis as unknown as { axe: { run(how: unknown): unknown } }).axe.run(how),
		options,
	)) as AxeResults;
	return found.violations.flatMap((one) =>
		one.nodes.map(
			(node) =>
				`${one.id}: ${one.help}: ${node.target.flat().join(" ")}: ${node.any[0]?.message ?? node.html}`,
		),
	);
}

/** The ways in which each state is looked at. */
const ways = [
	{ name: "light", query: "theme=light&lang=en", context: {} },
	{ name: "dark-de", query: "theme=dark&lang=de", context: { colorScheme: "dark" } },
] as const;

/** Further ways, as pictures alone: right to left, a narrow window, forced colours. */
const looks = [
	{ name: "rtl", query: "theme=light&lang=en&dir=rtl", context: {}, narrow: false },
	{ name: "narrow", query: "theme=light&lang=de", context: {}, narrow: true },
	{ name: "forced", query: "theme=light&lang=en", context: { forcedColors: "active" }, narrow: false },
] as const;

async function states(): Promise<{ name: string; width: number; height: number }[]> {
	const tab = await (await device()).newPage();
	await tab.goto(origin);
	await tab.waitForSelector("html[data-drawn]");
	return tab.locator("[data-state]").evaluateAll((all) =>
		all.map((one) => {
			const [width, height] = (one.getAttribute("data-size") ?? "").split("x").map(Number);
			return { name: one.getAttribute("data-state") ?? "", width: width ?? 0, height: height ?? 0 };
		}),
	);
}

async function draw(tab: Page, state: string, query: string): Promise<void> {
	await tab.goto(`${origin}/?state=${encodeURIComponent(state)}&${query}`);
	await tab.waitForSelector("html[data-drawn]", { state: "attached" });
	await tab.evaluate(() => document.fonts.ready);
	expect(await tab.title(), "the state that was asked for").toBe(state);
}

function picture(state: string, way: string): string {
	return join(pictures, `${state.replace(/[^a-z0-9]+/gi, "-")}-${way}.png`);
}

for (const way of ways) {
	test(`nothing keeps anybody out of any state, ${way.name}`, { timeout: 300_000 }, async () => {
		const all = await states();
		expect(all.length, "states").toBeGreaterThan(0);
		const tab = await (await device(way.context)).newPage();
		const found: string[] = [];
		for (const state of all) {
			await tab.setViewportSize(state);
			await draw(tab, state.name, way.query);
			for (const violation of await violations(tab)) found.push(`${state.name}: ${violation}`);
			await tab.screenshot({ path: picture(state.name, way.name) });
		}
		expect(found).toEqual([]);
	});
}

test("violations are found where there are some", async () => {
	const tab = await (await device()).newPage();
	await tab.goto(origin);
	await tab.waitForSelector("html[data-drawn]");
	await tab.evaluate(() => document.body.append(document.createElement("button")));
	expect((await violations(tab)).join("\n")).toContain("button-name");
});

for (const look of looks) {
	test(`no state is wider than its window, ${look.name}`, { timeout: 300_000 }, async () => {
		const tab = await (await device(look.context)).newPage();
		const wide: string[] = [];
		for (const state of await states()) {
			await tab.setViewportSize(look.narrow ? { width: 320, height: Math.max(state.height, 640) } : state);
			await draw(tab, state.name, look.query);
			const over = await tab.evaluate(
				() => document.documentElement.scrollWidth - document.documentElement.clientWidth,
			);
			if (over > 0) wide.push(`${state.name}: ${over} px`);
			await tab.screenshot({ path: picture(state.name, look.name) });
		}
		expect(wide).toEqual([]);
	});
}
