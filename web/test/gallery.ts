/** The gallery of all states, served for tests as our pages are. */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, extname, join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { device } from "./browser.js";

const web = join(import.meta.dirname, "..");
const bundles = join(web, "out", "gallery");

/** What pages of ours are served with, so that the gallery shows what they would. */
const policy =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " +
	"connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const page = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"><title>Gallery</title><script type="module" src="/gallery.js"></script></html>`;

/** What stands in a frame of a page: it is judged as the page is. */
const frame = `<!doctype html><html lang="en"><title>A frame</title><main><h1>A frame</h1></main></html>`;

/** State is one state of the gallery, as its list has it. */
export interface State {
	name: string;
	width: number;
	height: number;
	/** What is there once it is drawn. */
	shows: string;
}

/** Gallery is the gallery on a server of its own. */
export class Gallery {
	private server: Server | undefined;
	private origin = "";

	/** The page that lists the states. */
	async list(): Promise<Page> {
		const tab = await (await device()).newPage();
		await tab.goto(this.origin);
		await tab.waitForSelector("html[data-drawn]");
		return tab;
	}

	/** Draws a state in a window of its size, in the way that a query says. */
	async draw(tab: Page, state: State, query: string): Promise<void> {
		await tab.setViewportSize(state);
		await tab.goto(`${this.origin}/?state=${encodeURIComponent(state.name)}&${query}`);
		await tab.waitForSelector(`html[data-drawn="${state.name}"]`, { state: "attached" });
		await tab.waitForSelector(state.shows, { state: "attached" }).catch(() => {
			throw new Error(`${state.name} does not show ${state.shows}`);
		});
		await tab.evaluate(() => document.fonts.ready);
	}

	/**
	 * Looks at every state whose name begins so, in two tabs at once, and returns all that
	 * was found. The variable STATES says the same of all tests.
	 */
	async each(
		look: (tab: Page, state: State) => Promise<string[]>,
		options: BrowserContextOptions & { of?: RegExp } = {},
	): Promise<string[]> {
		const only = process.env.STATES ?? "";
		const rest = (await this.states()).filter(
			({ name }) => name.startsWith(only) && (options.of?.test(name) ?? true),
		);
		expect(rest.length, "states").toBeGreaterThan(0);
		const context = await device({ colorScheme: "light", reducedMotion: "reduce", ...options });
		const found: string[] = [];
		const tabs = Array.from({ length: 2 }, async () => {
			const tab = await context.newPage();
			for (let state = rest.shift(); state; state = rest.shift()) found.push(...(await look(tab, state)));
		});
		await Promise.all(tabs);
		return found;
	}

	async start(): Promise<void> {
		execFileSync("go", ["run", "weiche/web/bundle", "-gallery", bundles], {
			cwd: join(web, ".."),
			stdio: "inherit",
		});
		const server = createServer((request, answer) => {
			const { pathname } = new URL(request.url ?? "/", "http://gallery");
			const type = { ".js": "text/javascript", ".css": "text/css" }[extname(pathname)];
			answer.setHeader("Content-Type", `${type ?? "text/html"}; charset=utf-8`);
			answer.setHeader("Content-Security-Policy", policy);
			if (type) answer.setHeader("Cache-Control", "max-age=3600");
			const file = join(bundles, basename(pathname));
			// What is all in a shadow root has no styles beside it.
			if (type) answer.end(existsSync(file) ? readFileSync(file) : "");
			else answer.end(pathname === "/" ? page : frame);
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		this.server = server;
		this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	}

	stop(): void {
		this.server?.close();
		this.server?.closeAllConnections();
	}

	private async states(): Promise<State[]> {
		const tab = await this.list();
		return tab.locator("[data-state]").evaluateAll((links) =>
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
	}
}

/** To be called once in a test file: the gallery for its tests. */
export function useGallery(): Gallery {
	const gallery = new Gallery();
	beforeAll(() => gallery.start());
	afterAll(() => gallery.stop());
	return gallery;
}
