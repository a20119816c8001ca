import type { Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import { makeWidget } from "./api.js";
import { device, useBrowser } from "./browser.js";
import { useSite } from "./site.js";
import { open, timeline, tokenOf, write } from "./talk.js";

useBrowser();
const site = useSite();

const opener = { name: "Open chat" };

test("the chat moves nothing of its page and loads the button alone", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (await device()).newPage();
	const scripts: string[] = [];
	page.on("request", (request) => {
		if (request.url().startsWith(inject("origin"))) scripts.push(new URL(request.url()).pathname);
	});
	await page.addInitScript(() => {
		const seen: number[] = [];
		Object.assign(window, { shifts: seen });
		new PerformanceObserver((list) => {
			for (const entry of list.getEntries()) seen.push((entry as unknown as { value: number }).value);
		}).observe({ type: "layout-shift", buffered: true });
	});
	await page.goto(site.withWidget(id, { body: "<h1>Blue Shop</h1><p>Everything is blue.</p>" }));
	await page.getByRole("button", opener).waitFor();
	const largest = await page.evaluate(
		() =>
			new Promise<string>((resolve) =>
				new PerformanceObserver((list) => {
					const entry = list.getEntries().at(-1) as unknown as { element?: Element };
					resolve(entry.element?.localName ?? "");
				}).observe({ type: "largest-contentful-paint", buffered: true }),
			),
	);
	expect(["h1", "p"]).toContain(largest);
	expect(scripts).toEqual(["/loader.js"]);
	await open(page);
	expect(scripts).toContain("/panel.js");
	expect(await page.evaluate(() => (window as unknown as { shifts: number[] }).shifts)).toEqual([]);
});

test("no style of the page changes anything inside", async () => {
	const hostile = `<style>
		* { font: italic 900 40px/3 fantasy !important; color: lime !important; direction: rtl !important; letter-spacing: 9px !important;
			text-transform: uppercase !important; padding: 33px !important; margin: 22px !important; border: 9px solid red !important;
			box-sizing: content-box !important; visibility: hidden !important; opacity: 0.1 !important; position: static !important;
			display: inline !important; --ink: red !important; --paper: red !important; --fill: red !important; --text: 99px !important;
			white-space: nowrap !important; text-align: end !important; cursor: wait !important; }
		html { font-size: 40px; }
		weiche-chat { all: revert !important; zoom: 3 !important; }
		button, textarea { all: unset !important; }
	</style>`;
	const id = await makeWidget({ origins: [site.origin] });
	const styles = async (head: string) => {
		const page = await (await device({ reducedMotion: "reduce" })).newPage();
		await page.goto(site.withWidget(id, { head }));
		await page.getByRole("button", opener).waitFor();
		const field = await open(page);
		await field.fill("Hello");
		await page.getByRole("button", { name: "Send" }).click();
		await page.getByText("Delivered").waitFor();
		return await page.evaluate(() => {
			const shadow = document.querySelector("weiche-chat")?.shadowRoot;
			return [...(shadow?.querySelectorAll("*") ?? [])].map((element) => {
				const style = getComputedStyle(element);
				return [
					element.localName,
					...[...style]
						.filter((name) => !name.startsWith("--"))
						.map((name) => `${name}: ${style.getPropertyValue(name)}`),
				];
			});
		});
	};
	const [without, within] = [await styles(""), await styles(hostile)];
	expect(without.length).toBeGreaterThan(20);
	expect(within).toEqual(without);
});

test("the hostile styles change what is not guarded", async () => {
	const page = await (await device()).newPage();
	await page.goto(
		site.put("/control", { body: "<p>Hello</p>", head: "<style>*{color:lime!important}</style>" }),
	);
	expect(await page.evaluate(() => getComputedStyle(document.querySelector("p") as Element).color)).toBe(
		"rgb(0, 255, 0)",
	);
});

test("a strict policy of the page is enough, with Trusted Types", async () => {
	const origin = inject("origin");
	const id = await makeWidget({ origins: [site.origin] });
	const policy = `default-src 'none'; script-src ${origin}; connect-src ${origin} ${origin.replace("http", "ws")}; img-src ${origin}; require-trusted-types-for 'script'; trusted-types 'none'`;
	const page = await (await device()).newPage();
	await page.goto(site.withWidget(id, { policy }));
	await open(page);
	await write(page, id, "Does it work here?");
	// The test's browser fails it where a page wrote an error; the policy does refuse.
	const refused = await page.evaluate(
		() =>
			new Promise<boolean>((resolve) => {
				try {
					document.body.innerHTML = "<b>no</b>";
					resolve(false);
				} catch {
					resolve(true);
				}
			}),
	);
	expect(refused).toBe(true);
	const { expectComplaints } = await import("./browser.js");
	expectComplaints(/TrustedHTML/);
});

test("nobody exists before the first opening, and a reload finds the same conversation", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (await device()).newPage();
	const calls: string[] = [];
	page.on("request", (request) => {
		if (request.url().includes("weiche.")) calls.push(request.url());
	});
	await page.goto(site.withWidget(id));
	await page.getByRole("button", opener).waitFor();
	await page.waitForLoadState("networkidle");
	expect(calls).toEqual([]);
	expect(await tokenOf(page, id)).toBe("");
	await open(page);
	const conversation = await write(page, id, "Do you remember me?");
	await page.reload();
	await open(page);
	await page.getByText("Do you remember me?").waitFor();
	expect((await timeline(await tokenOf(page, id))).conversationId).toBe(conversation);
});

test("the button is a button: size, name, state, keys, and an offset for banners", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (await device()).newPage();
	await page.goto(site.withWidget(id, { attributes: 'offset-block="96" offset-inline="40"' }));
	const button = page.getByRole("button", opener);
	const box = await button.boundingBox();
	expect(box).toMatchObject({ width: 60, height: 60, x: 1280 - 60 - 40, y: 720 - 60 - 96 });
	expect(await button.getAttribute("aria-expanded")).toBe("false");
	for (const key of ["Enter", "Space"]) {
		await button.focus();
		await page.keyboard.press(key);
		await page.getByRole("dialog").waitFor();
		const closer = page.getByRole("button", { name: "Close chat" });
		expect(await closer.getAttribute("aria-expanded")).toBe("true");
		await closer.focus();
		await page.keyboard.press(key);
		await page.getByRole("dialog").waitFor({ state: "hidden" });
	}
});

test("the button has the colour that the page says from the first, and the chat keeps it", async () => {
	const look = (page: Page) =>
		page.getByRole("button", opener).evaluate((button) => {
			const { backgroundColor, color } = getComputedStyle(button);
			// Colours have many ways to be written; a canvas has one.
			const pen = new OffscreenCanvas(1, 1).getContext("2d");
			return [backgroundColor, color].map((one) => {
				if (pen) pen.fillStyle = one;
				pen?.fillRect(0, 0, 1, 1);
				return [...(pen?.getImageData(0, 0, 1, 1).data ?? [])].slice(0, 3);
			});
		});
	const [white, black] = [
		[255, 255, 255],
		[0, 0, 0],
	];
	for (const [accent, fill, on] of [
		["#b3261e", [179, 38, 30], white],
		["#ffd54f", [255, 213, 79], black],
	] as const) {
		const id = await makeWidget({ origins: [site.origin], appearance: { accent } });
		const page = await (await device()).newPage();
		await page.goto(site.withWidget(id, { attributes: `accent="${accent}"` }));
		expect(await look(page)).toEqual([fill, on]);
		await open(page);
		await page.keyboard.press("Escape");
		await page.getByRole("dialog").waitFor({ state: "hidden" });
		expect((await look(page))[0]).toEqual(fill);
	}
});

test("where the page moves its body, the chat can be put above it", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (await device({ viewport: { width: 1280, height: 800 } })).newPage();
	const address = site.withWidget(id, {
		head: "<style>body { transform: translateX(40px); block-size: 2000px; margin: 0 }</style>",
	});
	await page.goto(address);
	const button = page.getByRole("button", opener);
	// The control: what is fixed is so to a body that has a transform.
	expect((await button.boundingBox())?.y).toBeGreaterThan(1000);
	await page.evaluate(() => {
		const chat = document.querySelector("weiche-chat") as HTMLElement;
		chat.popover = "manual";
		chat.showPopover();
	});
	const corner = { x: 1280 - 20 - 60, y: 800 - 20 - 60, width: 60, height: 60 };
	expect(await button.boundingBox()).toEqual(corner);
	const field = await open(page);
	await expect
		.poll(() => page.getByRole("dialog").boundingBox())
		.toMatchObject({ x: 1280 - 20 - 380, width: 380, height: 640 });
	await field.fill("still here");
	await page.keyboard.press("Escape");
	await page.getByRole("dialog").waitFor({ state: "hidden" });
	expect(await button.boundingBox()).toEqual(corner);
});

test("opening moves the focus to the composer, Escape and Close give it back, and the page stays usable", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (await device()).newPage();
	await page.goto(site.withWidget(id, { body: '<h1>Blue Shop</h1><input aria-label="Search">' }));
	const field = await open(page);
	const focused = (of: typeof field) =>
		expect
			.poll(() => of.evaluate((element) => (element.getRootNode() as ShadowRoot).activeElement === element))
			.toBe(true);
	await focused(field);
	expect(await page.getByRole("dialog").getAttribute("aria-modal")).toBe("false");
	await page.getByRole("textbox", { name: "Search" }).fill("blue");
	await field.focus();
	await page.keyboard.press("Escape");
	await page.getByRole("dialog").waitFor({ state: "hidden" });
	await focused(page.getByRole("button", opener));
	await page.keyboard.press("Enter");
	await focused(field);
	await page.getByRole("button", { name: "Close", exact: true }).click();
	await focused(page.getByRole("button", opener));
	// Escape outside of the chat is the page's.
	await page.keyboard.press("Enter");
	await focused(field);
	await page.getByRole("textbox", { name: "Search" }).focus();
	await page.keyboard.press("Escape");
	expect(await page.getByRole("dialog").isVisible()).toBe(true);
});

test("on a phone the panel fills the window, keeps the focus, and the keyboard never covers the composer", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (
		await device({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
	).newPage();
	await page.goto(
		site.withWidget(id, {
			head: '<meta name="viewport" content="width=device-width">',
			body: '<h1>Blue Shop</h1><input aria-label="Search">',
		}),
	);
	const field = await open(page);
	const dialog = page.getByRole("dialog");
	await expect.poll(() => dialog.boundingBox()).toEqual({ x: 0, y: 0, width: 390, height: 844 });
	expect(await dialog.getAttribute("aria-modal")).toBe("true");
	for (let at = 0; at < 8; at++) {
		await page.keyboard.press("Tab");
		const where = await page.evaluate(() => document.activeElement?.localName);
		expect(["weiche-chat", "body"]).toContain(where);
	}
	// The keyboard takes the lower part of the window, and scrolls what is left.
	await page.evaluate(() => {
		Object.defineProperty(visualViewport, "height", { value: 500, configurable: true });
		Object.defineProperty(visualViewport, "offsetTop", { value: 20, configurable: true });
		visualViewport?.dispatchEvent(new Event("resize"));
	});
	const low = await field.boundingBox();
	expect((low?.y ?? 0) + (low?.height ?? 0)).toBeLessThanOrEqual(520);
	expect((await dialog.boundingBox())?.y).toBe(20);
	await page.getByRole("button", { name: "Close", exact: true }).click();
	await dialog.waitFor({ state: "hidden" });
});

test("on a phone with a notch nothing is below its edges, and the keyboard has no gap above it", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (
		await device({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
	).newPage();
	const devtools = await page.context().newCDPSession(page);
	await devtools.send("Emulation.setSafeAreaInsetsOverride", {
		insets: { top: 47, topMax: 47, bottom: 34, bottomMax: 34, left: 12, leftMax: 12, right: 8, rightMax: 8 },
	});
	await page.goto(
		site.withWidget(id, {
			head: '<meta name="viewport" content="width=device-width, viewport-fit=cover">',
		}),
	);
	const button = await page.getByRole("button", opener).boundingBox();
	expect(button).toMatchObject({ y: 844 - 34 - 20 - 60 });
	const field = await open(page);
	const dialog = page.getByRole("dialog");
	await expect.poll(() => dialog.boundingBox()).toEqual({ x: 0, y: 0, width: 390, height: 844 });
	const composer = page.locator("form.composer");
	const head = page.locator("header.head");
	expect(await head.boundingBox()).toMatchObject({ x: 12, y: 47, width: 390 - 12 - 8 });
	const foot = await composer.boundingBox();
	expect((foot?.y ?? 0) + (foot?.height ?? 0)).toBe(844 - 34);
	await page.evaluate(() => {
		Object.defineProperty(visualViewport, "height", { value: 500, configurable: true });
		visualViewport?.dispatchEvent(new Event("resize"));
	});
	const raised = await composer.boundingBox();
	expect((raised?.y ?? 0) + (raised?.height ?? 0)).toBe(500);
	expect(await field.isVisible()).toBe(true);
});

test("the panel is 380 by 640 where there is room, and follows the window while it is open", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (await device({ viewport: { width: 1280, height: 900 } })).newPage();
	await page.goto(site.withWidget(id));
	const field = await open(page);
	await field.fill("half a sen");
	await expect.poll(() => page.getByRole("dialog").boundingBox()).toMatchObject({ width: 380, height: 640 });
	await page.setViewportSize({ width: 400, height: 700 });
	await expect.poll(() => page.getByRole("dialog").boundingBox()).toMatchObject({ width: 400, height: 700 });
	expect(await field.inputValue()).toBe("half a sen");
	await page.setViewportSize({ width: 1280, height: 900 });
	await expect.poll(() => page.getByRole("dialog").boundingBox()).toMatchObject({ width: 380, height: 640 });
});
