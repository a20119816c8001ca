import { expect, inject, test } from "vitest";
import { makeWidget } from "./api.js";
import { device, useBrowser } from "./browser.js";
import { useSite } from "./site.js";
import { open, reply, tokenOf, write } from "./talk.js";

useBrowser();
const site = useSite();

interface Chat extends HTMLElement {
	open(): void;
	close(): void;
	logout(): Promise<void>;
}

test("calls before the script has come are done once it has, and the page is told what happens", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (await device()).newPage();
	await page.addInitScript(() => {
		const told: string[] = [];
		Object.assign(window, {
			told,
			weiche: [
				["addEventListener", "ready", () => told.push("ready")],
				["addEventListener", "unread", (event: CustomEvent) => told.push(`unread ${event.detail.count}`)],
				["open"],
			],
		});
	});
	await page.goto(site.withWidget(id));
	await page.getByRole("textbox", { name: "Message" }).waitFor();
	const conversation = await write(page, id, "Anybody there?");
	await page.evaluate(() => document.querySelector<Chat>("weiche-chat")?.close());
	await page.getByRole("dialog").waitFor({ state: "hidden" });
	await reply(conversation, "Yes!");
	await page.getByRole("button", { name: "Open chat, 1 new message", exact: true }).waitFor();
	await reply(conversation, "Hello!");
	const button = page.getByRole("button", { name: "Open chat, 2 new messages", exact: true });
	await button.waitFor();
	expect(await button.textContent()).toBe("2");
	await page.evaluate(() => (window as unknown as { weiche: unknown[] }).weiche.push(["open"]));
	await page.getByText("Hello!", { exact: true }).waitFor();
	await expect
		.poll(() => page.evaluate(() => (window as unknown as { told: string[] }).told))
		.toEqual(["ready", "unread 1", "unread 2", "unread 0"]);
});

test("what was seen stays seen after a reload", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (await device()).newPage();
	await page.goto(site.withWidget(id));
	await open(page);
	const conversation = await write(page, id, "Hello");
	await reply(conversation, "First");
	await page.getByText("First", { exact: true }).waitFor();
	await page.getByRole("button", { name: "Close chat" }).click();
	await reply(conversation, "Second");
	await page.getByRole("button", { name: "Open chat, 1 new message", exact: true }).waitFor();
	await page.reload();
	await page.getByRole("button", { name: "Open chat, 1 new message", exact: true }).waitFor();
	await open(page);
	await page.getByText("Second", { exact: true }).waitFor();
	await page.reload();
	await page.getByRole("button", { name: "Open chat", exact: true }).waitFor();
});

test("two widgets on a page do not clash", async () => {
	const [one, two] = [
		await makeWidget({ origins: [site.origin], site: "one.example" }),
		await makeWidget({ origins: [site.origin], site: "two.example" }),
	];
	const page = await (await device()).newPage();
	const loader = `<script async src="${inject("origin")}/loader.js"></script>`;
	await page.goto(
		site.put(`/${one}`, {
			body: `<h1>Two shops</h1>${loader}${loader}<weiche-chat id="one" widget="${one}" offset-inline="500"></weiche-chat><weiche-chat id="two" widget="${two}"></weiche-chat>`,
		}),
	);
	for (const [name, id] of [
		["one", one],
		["two", two],
	] as const) {
		const chat = page.locator(`#${name}`);
		await chat.getByRole("button", { name: "Open chat" }).click();
		const field = chat.getByRole("textbox", { name: "Message" });
		await field.fill(`I am in ${name}`);
		await field.press("Enter");
		await chat.getByText("Delivered").waitFor();
		expect(await chat.getByRole("heading", { level: 2 }).textContent()).toBe(`${name}.example`);
		expect(await tokenOf(page, id)).toContain(id);
	}
	expect(await page.locator("#one").getByText("I am in two").count()).toBe(0);
	expect(await page.locator("#two").getByText("I am in one").count()).toBe(0);
});

test("removal leaves no listener, timer or socket", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (await device()).newPage();
	// What listens and waits is counted from before the script has come.
	await page.addInitScript(() => {
		const listeners = new Map<unknown, Map<string, number>>();
		const timers = new Set<unknown>();
		const count = (target: unknown, type: string, by: number) => {
			const of = listeners.get(target) ?? new Map<string, number>();
			of.set(type, (of.get(type) ?? 0) + by);
			listeners.set(target, of);
		};
		const outside = (target: unknown) =>
			target === window ||
			target === undefined ||
			target === document ||
			target === visualViewport ||
			(target as object) instanceof MediaQueryList;
		const { addEventListener, removeEventListener } = EventTarget.prototype;
		const known = new Map<unknown, Set<unknown>>();
		EventTarget.prototype.addEventListener = function (this: EventTarget | undefined, ...given: unknown[]) {
			const target = this ?? window;
			if (outside(target) && !(given[2] as { once?: boolean } | undefined)?.once) {
				count(target, String(given[0]), 1);
				known.set(given[1], new Set());
			}
			return (addEventListener as (...all: unknown[]) => void).apply(target, given);
		} as typeof addEventListener;
		EventTarget.prototype.removeEventListener = function (
			this: EventTarget | undefined,
			...given: unknown[]
		) {
			const target = this ?? window;
			if (outside(target)) count(target, String(given[0]), -1);
			return (removeEventListener as (...all: unknown[]) => void).apply(target, given);
		} as typeof removeEventListener;
		const { setTimeout: set, clearTimeout: clear } = window;
		const start = (then: () => void, after?: number) => {
			const timer = set(() => {
				timers.delete(timer);
				then();
			}, after);
			timers.add(timer);
			return timer;
		};
		const stop = (timer?: number) => {
			timers.delete(timer);
			clear(timer);
		};
		Object.assign(window, {
			setTimeout: start,
			clearTimeout: stop,
			left: () => ({
				listeners: [...listeners.values()].flatMap((of) =>
					[...of].filter(([, n]) => n > 0).map(([type]) => type),
				),
				timers: timers.size,
			}),
		});
	});
	let sockets = 0;
	page.on("websocket", (socket) => {
		sockets++;
		socket.on("close", () => sockets--);
	});
	await page.goto(site.withWidget(id));
	const left = () =>
		page.evaluate(() => (window as unknown as { left(): { listeners: string[]; timers: number } }).left());
	await open(page);
	await write(page, id, "Soon gone");
	const field = page.getByRole("textbox", { name: "Message" });
	await field.fill("a draft, and typing");
	await expect.poll(() => sockets).toBe(1);
	// While it is there it listens and waits, so that what is counted is what is there.
	expect((await left()).listeners).toContain("online");
	expect((await left()).timers).toBeGreaterThan(0);
	await page.evaluate(() => document.querySelector("weiche-chat")?.remove());
	await expect.poll(() => sockets).toBe(0);
	await expect.poll(left).toEqual({ listeners: [], timers: 0 });
	// Put back it is as before.
	await page.evaluate((widget) => {
		const chat = document.createElement("weiche-chat");
		chat.setAttribute("widget", widget);
		document.body.append(chat);
	}, id);
	expect(await (await open(page)).inputValue()).toBe("a draft, and typing");
});

test("as a page of its own it fills the window", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (await device({ viewport: { width: 390, height: 700 } })).newPage();
	await page.goto(`${inject("origin")}/w/${id}`);
	await page.getByRole("textbox", { name: "Message" }).waitFor();
	expect(await page.getByRole("main").count()).toBe(1);
	expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
	expect(await page.getByRole("button", { name: /Close|Open chat/ }).count()).toBe(0);
	await write(page, id, "From a page");
	// Where it is written from a phone, the keyboard covers nothing of it.
	await page.evaluate(() => {
		Object.defineProperty(visualViewport, "height", { value: 400, configurable: true });
		visualViewport?.dispatchEvent(new Event("resize"));
	});
	const composer = await page.locator("form.composer").boundingBox();
	expect((composer?.y ?? 0) + (composer?.height ?? 0)).toBe(400);
	await page.reload();
	await page.getByText("From a page").waitFor();
});
