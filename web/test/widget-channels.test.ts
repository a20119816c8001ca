import jsqr from "jsqr";
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { channels, makePerson, makeWidget } from "./api.js";
import { device, useBrowser } from "./browser.js";
import {
	addressOf,
	answerOnPhone,
	channelButton,
	kim,
	link,
	onPhone,
	openChat,
	openOnPhone,
	reply,
	status,
	timeline,
	toChannel,
} from "./chat.js";
import { useSite } from "./site.js";

useBrowser();
const site = useSite();

/** What is written in a QR code, read from the pixels that are on the screen. */
async function scanned(tab: Page, code: Locator): Promise<string> {
	const picture = (await code.screenshot()).toString("base64");
	const { dark, width, height } = await tab.evaluate(async (png) => {
		const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0));
		const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
		const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
		pen?.drawImage(bitmap, 0, 0);
		const pixels = pen?.getImageData(0, 0, bitmap.width, bitmap.height).data ?? [];
		// One byte for each pixel is enough to see what is dark.
		const dark = Array.from({ length: pixels.length / 4 }, (_, at) =>
			(pixels[4 * at] ?? 0) < 128 ? "1" : "0",
		);
		return { dark: dark.join(""), width: bitmap.width, height: bitmap.height };
	}, picture);
	const data = Uint8ClampedArray.from(dark, (one) => Number(one));
	const rgba = new Uint8ClampedArray(4 * data.length);
	for (const [at, one] of data.entries())
		rgba.fill(one ? 0 : 255, 4 * at, 4 * at + 3).fill(255, 4 * at + 3, 4 * at + 4);
	return jsqr(rgba, width, height, { inversionAttempts: "dontInvert" })?.data ?? "";
}

test("the menu shows exactly the channels that the admin enabled, live; none: no button", async () => {
	const { id, tab } = await openChat(site, { setup: { offers: ["messenger", "whatsapp"] } });
	await channelButton(tab).click();
	const items = tab.getByRole("menu", { name: "Continue on another app" }).getByRole("menuitem");
	await expect.poll(() => items.allInnerTexts()).toEqual(["Messenger", "WhatsApp"]);

	await makeWidget({ id, origins: [site.origin], offers: ["instagram"] });
	await expect.poll(() => items.allInnerTexts()).toEqual(["Instagram"]);

	await makeWidget({ id, origins: [site.origin], offers: [] });
	await expect.poll(() => channelButton(tab).count()).toBe(0);

	await makeWidget({ id, origins: [site.origin], offers: channels });
	await channelButton(tab).waitFor();
});

test("the menu follows the keys of its pattern, and the focus comes back to its button", async () => {
	const { tab } = await openChat(site);
	const button = channelButton(tab);
	const focused = () =>
		tab.evaluate(() => document.querySelector("weiche-chat")?.shadowRoot?.activeElement?.textContent);
	await button.focus();
	await tab.keyboard.press("Enter");
	await expect.poll(focused).toBe("Instagram");
	expect(await button.getAttribute("aria-expanded")).toBe("true");
	for (const [key, name] of [
		["ArrowDown", "Messenger"],
		["ArrowDown", "WhatsApp"],
		["ArrowDown", "Instagram"],
		["ArrowUp", "WhatsApp"],
		["Home", "Instagram"],
		["End", "WhatsApp"],
		["m", "Messenger"],
		["e", "Messenger"],
		["Home", "Instagram"],
		["w", "WhatsApp"],
	] as const) {
		await tab.keyboard.press(key);
		await expect.poll(focused, { message: key }).toBe(name);
	}
	await tab.keyboard.press("Escape");
	await expect.poll(() => tab.getByRole("menu").count()).toBe(0);
	expect(await button.evaluate((one) => one === (one.getRootNode() as ShadowRoot).activeElement)).toBe(true);
	// The chat is still open: the key was for the menu alone.
	await tab.getByRole("textbox", { name: "Message" }).waitFor();
	await tab.keyboard.press("ArrowUp");
	await expect.poll(focused).toBe("WhatsApp");
	await tab.keyboard.press("Tab");
	await expect.poll(() => tab.getByRole("menu").count()).toBe(0);
});

test("the menu opens on hover and on click, and closes when the mouse goes or clicks elsewhere", async () => {
	const { tab } = await openChat(site);
	const menu = tab.getByRole("menu");
	await channelButton(tab).hover();
	await menu.waitFor();
	await menu.getByRole("menuitem", { name: "WhatsApp" }).hover();
	await tab.mouse.move(5, 5);
	await menu.waitFor({ state: "detached" });

	await channelButton(tab).hover();
	await menu.waitFor();
	await tab.keyboard.press("Escape");
	await menu.waitFor({ state: "detached" });
	await tab.getByRole("textbox", { name: "Message" }).waitFor();

	await channelButton(tab).click();
	await menu.waitFor();
	await tab.mouse.move(5, 5);
	await tab.mouse.click(5, 5);
	await menu.waitFor({ state: "detached" });

	// A click elsewhere closes it, however soon it comes after the one that opened it.
	await tab.evaluate(() => {
		const root = document.querySelector("weiche-chat")?.shadowRoot;
		const elsewhere = new MutationObserver(() => {
			if (!root?.querySelector("[role=menu]")) return;
			elsewhere.disconnect();
			document.body.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, composed: true }));
			document.body.dataset.clicked = "";
		});
		elsewhere.observe(root as ShadowRoot, { childList: true, subtree: true });
	});
	await channelButton(tab).click();
	await tab.locator("body[data-clicked]").waitFor({ state: "attached" });
	await menu.waitFor({ state: "detached" });
});

test("the page of a channel takes the focus, and Back returns to the same scroll and draft", async () => {
	const { id, tab } = await openChat(site);
	const box = tab.getByRole("textbox", { name: "Message" });
	for (let n = 0; n < 12; n++) {
		await box.fill(`message ${n}\n${"line\n".repeat(4)}`);
		await tab.keyboard.press("Enter");
	}
	const log = tab.getByRole("log");
	await expect.poll(async () => (await timeline(tab, id)).lines?.length).toBe(12);
	await log.evaluate((one) => one.scrollTo({ top: 123 }));
	await box.fill("a draft");

	await toChannel(tab, "WhatsApp");
	const heading = tab.getByRole("heading", { name: "Continue in WhatsApp" });
	const hasFocus = (one: Locator) =>
		one.evaluate((it) => it === (it.getRootNode() as ShadowRoot).activeElement);
	await expect.poll(() => hasFocus(heading)).toBe(true);
	await tab.getByRole("button", { name: "Back" }).click();
	await expect.poll(() => hasFocus(channelButton(tab))).toBe(true);
	expect(await log.evaluate((one) => one.scrollTop)).toBe(123);
	expect(await box.inputValue()).toBe("a draft");
});

for (const colorScheme of ["light", "dark"] as const) {
	test(`the QR code is black on white, large, and says what the link says: ${colorScheme}`, async () => {
		const { tab } = await openChat(site, { on: await device({ colorScheme }) });
		const codes = new Set<string>();
		for (const app of colorScheme === "light" ? ["WhatsApp", "Messenger", "Instagram"] : ["WhatsApp"]) {
			await toChannel(tab, app);
			const code = tab.getByRole("img", {
				name: `QR code. It leads to the same place as “Open ${app} on this device”`,
			});
			const url = await addressOf(tab, app);
			expect(await scanned(tab, code)).toBe(url);
			const modules = await code.evaluate((svg) => {
				const drawn = (svg.querySelector("path:not(.paper)") as SVGPathElement).getBoundingClientRect();
				return { size: drawn.width, quiet: drawn.left - svg.getBoundingClientRect().left };
			});
			expect(modules.size).toBeGreaterThanOrEqual(200);
			expect(modules.quiet).toBeGreaterThanOrEqual((4 * modules.size) / 60);
			codes.add(url);
			await tab.getByRole("button", { name: "Back" }).click();
		}
		await toChannel(tab, "WhatsApp");
		codes.add(await addressOf(tab, "WhatsApp"));
		expect(codes.size, "a fresh code at each visit").toBe(colorScheme === "light" ? 4 : 2);
	});
}

test("on a phone there is the button alone", async () => {
	const phone = await device({ viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true });
	const { tab } = await openChat(site, {
		on: phone,
		head: '<meta name="viewport" content="width=device-width">',
	});
	await toChannel(tab, "Instagram");
	expect(await addressOf(tab, "Instagram")).toContain("https://ig.me/");
	expect(await tab.getByRole("img", { name: /QR/ }).count()).toBe(0);
});

test("on a small phone the menu lies within the window", async () => {
	const { tab } = await openChat(site, {
		on: await device({ viewport: { width: 320, height: 568 }, hasTouch: true, isMobile: true }),
		head: '<meta name="viewport" content="width=device-width">',
	});
	await channelButton(tab).click();
	const menu = await tab.getByRole("menu").boundingBox();
	expect(menu?.x).toBeGreaterThanOrEqual(0);
	expect((menu?.x ?? 0) + (menu?.width ?? 0)).toBeLessThanOrEqual(320);
});

for (const app of ["WhatsApp", "Messenger", "Instagram"]) {
	test(`${app} is linked: waiting, confirm, connected, each said as it happens`, async () => {
		const ana = await makePerson();
		const { id, tab } = await openChat(site);
		const [agent] = await Promise.all([kim(), toChannel(tab, app)]);
		const url = await addressOf(tab, app);
		await expect.poll(() => status(tab).innerText()).toMatch(/^Waiting for /);
		expect(await tab.getByText("Code valid for 15 min.").count()).toBe(1);

		await openOnPhone(ana, url);
		await onPhone(ana, app.toLowerCase(), "Continue the conversation");
		await expect.poll(() => status(tab).innerText()).toContain(`Now confirm in ${app}.`);
		await answerOnPhone(ana, app.toLowerCase(), true);
		await expect.poll(() => status(tab).innerText()).toBe(`Connected. We will now reply on ${app}.`);

		await tab.getByRole("button", { name: "Back to the chat" }).click();
		await tab.getByRole("log").getByText(`${app} connected`).waitFor();
		const { conversationId } = await timeline(tab, id);
		await reply(agent, { conversationId, text: "Hello over there" });
		await onPhone(ana, app.toLowerCase(), "Hello over there");
		await tab.getByRole("listitem").filter({ hasText: "Hello over there" }).getByText(`via ${app}`).waitFor();
	});
}

test("how far a link is comes by itself: the page asks for nothing, and waits for no timer", async () => {
	const ana = await makePerson();
	const here = await device();
	await here.clock.install();
	const { tab } = await openChat(site, { on: here });
	await toChannel(tab, "Messenger");
	const url = await addressOf(tab, "Messenger");
	await expect.poll(() => status(tab).innerText()).toBe("Waiting for you in Messenger.");
	await here.clock.pauseAt(Date.now() + 5000);
	const asked: string[] = [];
	tab.on("request", (request) => asked.push(request.url()));
	await openOnPhone(ana, url);
	await expect.poll(() => status(tab).innerText()).toContain("Now confirm in Messenger.");
	await answerOnPhone(ana, "messenger", true);
	await expect.poll(() => status(tab).innerText()).toBe("Connected. We will now reply on Messenger.");
	expect(asked).toEqual([]);
	// What the page asks for is heard of, and its time has stood still.
	await tab.getByRole("button", { name: "Back to the chat" }).click();
	await tab.getByRole("textbox", { name: "Message" }).fill("hello");
	await tab.getByRole("textbox", { name: "Message" }).press("Enter");
	await expect.poll(() => asked.join()).toContain("SendMessage");
});

test("a linked channel says so; Disconnect asks once, and works live on other tabs and devices", async () => {
	const ana = await makePerson();
	const here = await device();
	const { tab, address } = await openChat(site, { on: here });
	await link(tab, "WhatsApp", ana);
	const other = await here.newPage();
	await other.goto(address);
	await other.getByRole("button", { name: "Open chat" }).click();
	await channelButton(other).click();
	await other.getByRole("menuitem", { name: "WhatsApp Connected" }).click();
	await other.getByText(/^WhatsApp number ending in \d\d$/).waitFor();
	expect(await other.getByRole("link", { name: "Open chat" }).getAttribute("href")).toMatch(
		/^https:\/\/wa\.me\/\d+$/,
	);

	await tab.getByRole("button", { name: "Back to the chat" }).click();
	await channelButton(tab).click();
	await tab.getByRole("menuitem", { name: "WhatsApp Connected" }).click();
	await tab.getByRole("button", { name: "Disconnect" }).click();
	const question = tab.getByRole("group", {
		name: "Disconnect WhatsApp? Replies will appear here again. Your messages stay.",
	});
	await question.getByRole("button", { name: "Keep connected" }).click();
	await question.waitFor({ state: "detached" });
	await tab.getByRole("button", { name: "Disconnect" }).click();
	await question.getByRole("button", { name: "Disconnect" }).click();
	await tab.getByText("WhatsApp is disconnected. Replies appear here.").waitFor();
	await other.getByText("WhatsApp is disconnected. Replies appear here.").waitFor();
	await other.getByRole("button", { name: "Back to the chat" }).click();
	await other.getByRole("log").getByText("WhatsApp disconnected").waitFor();
	await onPhone(ana, "whatsapp", "This chat goes on on the website.");
});

test("who looks at the page of a channel is told of replies; after Disconnect they are shown", async () => {
	const ana = await makePerson();
	const agent = await kim();
	const { id, tab } = await openChat(site);
	await link(tab, "WhatsApp", ana);
	const { conversationId } = await timeline(tab, id);
	await reply(agent, { conversationId, text: "Over there" });
	await tab.getByRole("button", { name: "Back, 1 new message", exact: true }).click();
	await channelButton(tab).click();
	await tab.getByRole("menuitem", { name: "WhatsApp Connected" }).click();
	await tab.getByRole("button", { name: "Disconnect" }).click();
	await tab.getByRole("group").getByRole("button", { name: "Disconnect" }).click();
	await tab.getByText("WhatsApp is disconnected. Replies appear here.").waitFor();
	await tab.getByRole("button", { name: "Back", exact: true }).waitFor();
	await reply(agent, { conversationId, text: "Here again" });
	await tab.getByText("WhatsApp is disconnected. Replies appear here.").waitFor({ state: "detached" });
	await tab.getByRole("log").getByText("Here again").waitFor();
});

test("a channel that the admin withdraws says so while its page is open, and goes back", async () => {
	const { id, tab } = await openChat(site);
	await toChannel(tab, "Messenger");
	await addressOf(tab, "Messenger");
	await makeWidget({ id, origins: [site.origin], offers: ["whatsapp"] });
	await expect.poll(() => status(tab).innerText()).toBe("Messenger is no longer offered here.");
	expect(await tab.getByRole("img", { name: /QR/ }).count()).toBe(0);
	await tab.getByRole("textbox", { name: "Message" }).waitFor({ timeout: 8000 });
	await channelButton(tab).click();
	await expect.poll(() => tab.getByRole("menuitem").allInnerTexts()).toEqual(["WhatsApp"]);
});

test("who is linked to a channel that the admin withdraws keeps it until they disconnect", async () => {
	const ana = await makePerson();
	const { id, tab } = await openChat(site);
	await link(tab, "WhatsApp", ana);
	await makeWidget({ id, origins: [site.origin], offers: [] });
	await tab.getByRole("button", { name: "Back to the chat" }).click();
	await channelButton(tab).click();
	await expect.poll(() => tab.getByRole("menuitem").count()).toBe(1);
	await tab.getByRole("menuitem", { name: "WhatsApp Connected" }).click();
	await tab.getByRole("button", { name: "Disconnect" }).click();
	await tab
		.getByRole("group", { name: /^Disconnect WhatsApp/ })
		.getByRole("button", { name: "Disconnect" })
		.click();
	await tab.getByText("WhatsApp is disconnected. Replies appear here.").waitFor();
	await tab.getByRole("button", { name: "Back to the chat" }).click();
	await tab.getByRole("textbox", { name: "Message" }).waitFor();
	await expect.poll(() => channelButton(tab).count()).toBe(0);
});
