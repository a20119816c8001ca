import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { makePerson, makeWidget } from "./api.js";
import { device, expectComplaints, useBrowser } from "./browser.js";
import { kim, link, reply as replyAs } from "./chat.js";
import { useSite } from "./site.js";
import { open, reply, say, timeline, tokenOf, write } from "./talk.js";

useBrowser();
const site = useSite();

/** Opens a chat in which the visitor has said hello. */
async function begin(options: Parameters<typeof device>[0] = {}) {
	const id = await makeWidget({ origins: [site.origin] });
	const context = await device(options);
	const page = await context.newPage();
	await page.goto(site.withWidget(id));
	const field = await open(page);
	const conversation = await write(page, id, "Hello");
	return { id, context, page, field, conversation };
}

/** Lets what the server says on the stream of a page be held back for a while. */
async function holdable(page: Page): Promise<{ hold(): void; release(): void }> {
	let held: (() => void)[] | undefined;
	await page.routeWebSocket(/\/v1\/stream$/, (socket) => {
		socket.connectToServer().onMessage((message) => {
			if (held) held.push(() => socket.send(message));
			else socket.send(message);
		});
	});
	return {
		hold: () => {
			held = [];
		},
		release: () => {
			for (const say of held ?? []) say();
			held = undefined;
		},
	};
}

/** The words of the messages in the log, in their order. */
function said(page: Page): Promise<string[]> {
	return page.getByRole("log").locator(".bubble").allTextContents();
}

test("Enter sends, Shift+Enter breaks, an input method keeps its Enter, and nothing empty is sent", async () => {
	const { id, page, field } = await begin();
	await field.press("Enter");
	await field.fill("   ");
	await field.press("Enter");
	const send = page.getByRole("button", { name: "Send" });
	expect(await send.getAttribute("aria-disabled")).toBe("true");
	await field.fill("ka");
	await field.evaluate((element) => {
		const enter = { key: "Enter", isComposing: true, bubbles: true, cancelable: true };
		element.dispatchEvent(new KeyboardEvent("keydown", enter));
		element.dispatchEvent(new KeyboardEvent("keydown", { ...enter, isComposing: false, keyCode: 229 }));
	});
	expect(await field.inputValue()).toBe("ka");
	const low = (await field.boundingBox())?.height ?? 0;
	await field.press("Shift+Enter");
	await page.keyboard.type("second line");
	expect((await field.boundingBox())?.height).toBeGreaterThan(low);
	await send.dblclick();
	await page.getByText("second line").waitFor();
	await field.fill("1\n2\n3\n4\n5\n6\n7\n8\n9");
	expect((await field.boundingBox())?.height).toBe(low + 80);
	await field.fill("last");
	await field.press("Enter");
	await expect
		.poll(async () => (await timeline(await tokenOf(page, id))).texts)
		.toEqual(["Hello", "ka\nsecond line", "last"]);
});

test("a draft survives close and reload, and a long one is counted", async () => {
	const { page, field } = await begin();
	await field.fill("half a thought");
	await page.keyboard.press("Escape");
	expect(await (await open(page)).inputValue()).toBe("half a thought");
	await page.reload();
	expect(await (await open(page)).inputValue()).toBe("half a thought");
	await field.fill("x".repeat(3799));
	expect(await page.getByText(/characters? left/).count()).toBe(0);
	await field.fill("x".repeat(3800));
	await page.getByText("296 characters left").waitFor();
	await field.fill("x".repeat(4097));
	await page.getByText("1 character too many").waitFor();
	expect(await page.getByRole("button", { name: "Send" }).getAttribute("aria-disabled")).toBe("true");
});

test("a message shows at once, and how far it came below the last one", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (await device()).newPage();
	const stream = await holdable(page);
	await page.goto(site.withWidget(id));
	const field = await open(page);
	const conversation = await write(page, id, "Hello");
	let let_go = () => {};
	const held = new Promise<void>((resolve) => {
		let_go = resolve;
	});
	await page.route("**/SendMessage", async (route) => {
		await held;
		await route.continue();
	});
	stream.hold();
	await field.fill("quick");
	const shown = await field.evaluate(async (element) => {
		const log = (element.getRootNode() as ShadowRoot).querySelector(".log") as Element;
		const words: [string, number][] = [];
		const look = () => {
			const said = [...log.querySelectorAll(".how")].map((one) => one.textContent).join(" and ");
			if (said !== words.at(-1)?.[0]) words.push([said, performance.now()]);
		};
		new MutationObserver(look).observe(log, { subtree: true, childList: true, characterData: true });
		Object.assign(window, { words });
		element.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
		await new Promise(requestAnimationFrame);
		return log.textContent?.includes("quick");
	});
	expect(shown, "in the first frame after the key, while the server has not answered").toBe(true);
	await page.getByText("Sending", { exact: true }).waitFor();
	let_go();
	await page.getByText("Sent", { exact: true }).waitFor();
	expect(await page.getByText("Delivered", { exact: true }).count()).toBe(0);
	stream.release();
	await page.getByText("Delivered", { exact: true }).waitFor();
	await reply(conversation, "Seen it");
	await page.getByText("Seen", { exact: true }).waitFor();
	// What they say as a rule comes with the line: nothing flickers before it.
	const { words, answered } = await page.evaluate(() => ({
		words: (window as unknown as { words: [string, number][] }).words,
		answered: (performance.getEntriesByType("resource") as PerformanceResourceTiming[])
			.filter((one) => one.name.endsWith("/SendMessage"))
			.at(-1)?.responseEnd,
	}));
	expect(words.map(([word]) => word)).toEqual(["Sending", "Sent", "Delivered", "Seen"]);
	expect((words[1]?.[1] ?? 0) - (answered ?? 0)).toBeGreaterThan(290);
});

test("a line that comes before its answer is delivered at once, and shown once", async () => {
	const { page, field } = await begin();
	let answer = () => {};
	const held = new Promise<void>((resolve) => {
		answer = resolve;
	});
	await page.route("**/SendMessage", async (route) => {
		const response = await route.fetch();
		await held;
		await route.fulfill({ response });
	});
	await field.fill("quicker");
	await field.press("Enter");
	const row = page.getByRole("listitem").filter({ hasText: "quicker" });
	await row.getByText("Delivered", { exact: true }).waitFor();
	const answered = page.waitForResponse("**/SendMessage");
	answer();
	await answered;
	await page.unroute("**/SendMessage");
	await field.fill("the next");
	await field.press("Enter");
	await page
		.getByRole("listitem")
		.filter({ hasText: "the next" })
		.getByText("Delivered", { exact: true })
		.waitFor();
	expect(await row.count()).toBe(1);
});

test("a message that failed keeps its text and is sent once when it is tried again", async () => {
	const { id, page, field } = await begin();
	const refuse = (answer: number) =>
		page.route("**/SendMessage", (route) =>
			route.fulfill({
				status: answer,
				contentType: "application/json",
				headers: { "Access-Control-Allow-Origin": "*" },
				body: '{"code":"invalid_argument","message":"no"}',
			}),
		);
	await refuse(400);
	await field.fill("Is this lost?");
	await field.press("Enter");
	await page.getByText("Not sent.").waitFor();
	await page.unroute("**/SendMessage");
	await page.reload();
	await open(page);
	await page.getByText("Is this lost?").waitFor();
	await expect
		.poll(async () => (await timeline(await tokenOf(page, id))).texts)
		.toEqual(["Hello", "Is this lost?"]);
	await expect.poll(() => said(page)).toEqual(["Hello", "Is this lost?"]);
	await refuse(400);
	await field.fill("And this?");
	await field.press("Enter");
	await page.getByText("Not sent.").waitFor();
	await page.unroute("**/SendMessage");
	await page.getByRole("button", { name: "Try again" }).dblclick();
	await page.getByText("Not sent.").waitFor({ state: "detached" });
	await expect
		.poll(async () => (await timeline(await tokenOf(page, id))).texts)
		.toEqual(["Hello", "Is this lost?", "And this?"]);
	expectComplaints(/400/);
});

test("offline says so calmly, and afterwards nothing is missing or double", async () => {
	const { id, context, page, field, conversation } = await begin();
	await context.setOffline(true);
	// A socket that is open stays so in this emulation, so it is cut by hand too.
	await page.routeWebSocket("**/v1/stream", (socket) => socket.close());
	await field.fill("written offline");
	await field.press("Enter");
	await field.fill("and more");
	await field.press("Enter");
	await reply(conversation, "said meanwhile");
	await page.reload().catch(() => {});
	await context.setOffline(false);
	await page.unrouteAll();
	await page.goto(`${site.origin}/${id}`);
	await open(page);
	await expect
		.poll(async () => (await timeline(await tokenOf(page, id))).texts.toSorted())
		.toEqual(["Hello", "and more", "said meanwhile", "written offline"]);
	await expect
		.poll(async () => (await said(page)).toSorted())
		.toEqual(["Hello", "and more", "said meanwhile", "written offline"]);
	expectComplaints(/ERR_INTERNET_DISCONNECTED|WebSocket/);
});

test("new messages of agents are announced once, own ones and history never", async () => {
	const { id, page, field, conversation } = await begin();
	await reply(conversation, "history");
	await page.getByText("history", { exact: true }).waitFor();
	await page.reload();
	await open(page);
	await page.getByText("history", { exact: true }).waitFor();
	await page.evaluate(() => {
		const heard: string[] = [];
		Object.assign(window, { heard });
		const root = document.querySelector("weiche-chat")?.shadowRoot as ShadowRoot;
		const region = root.querySelector("dialog > p.hidden[role=status]") as Element;
		new MutationObserver(() => heard.push(region.textContent ?? "")).observe(region, {
			childList: true,
			characterData: true,
			subtree: true,
		});
	});
	expect(await page.getByRole("log", { name: "Messages" }).getAttribute("aria-live")).toBe("off");
	await field.fill("own");
	await field.press("Enter");
	await page.getByText("Delivered").waitFor();
	await say(await tokenOf(page, id), "own elsewhere");
	await page.getByText("own elsewhere").waitFor();
	await reply(conversation, "spoken");
	await expect
		.poll(() => page.evaluate(() => (window as unknown as { heard: string[] }).heard))
		.toEqual(["Team: spoken"]);
});

test("what goes over other channels is labelled, and writing here brings replies back and says so once", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (await device()).newPage();
	await page.goto(site.withWidget(id));
	const field = await open(page);
	const conversation = await write(page, id, "Hello");
	const person = await makePerson();
	await link(page, "WhatsApp", person);
	await page.getByRole("button", { name: "Back", exact: true }).click();
	await page.getByText("WhatsApp connected").waitFor();
	await page.getByText("Replies go to WhatsApp.").waitFor();
	const agent = await kim();
	await replyAs(agent, { conversationId: conversation, text: "over there" });
	const message = page.getByRole("listitem").filter({ hasText: "over there" });
	await message.getByText("via WhatsApp").waitFor();
	await message.getByText("Kim", { exact: false }).first().waitFor();
	// Lines of one sender stand together: one name and one pair of initials for both.
	await replyAs(agent, { conversationId: conversation, text: "one more thing" });
	await page.getByText("one more thing", { exact: true }).waitFor();
	const log = page.getByRole("log");
	expect(await log.getByText("Kim", { exact: true }).count()).toBe(1);
	expect(await log.getByText("K", { exact: true }).count()).toBe(1);
	expect(await log.getByText("Today", { exact: true }).count()).toBe(1);
	for (const text of ["back here", "and again"]) {
		await field.fill(text);
		await field.press("Enter");
		await page.getByText("Delivered", { exact: true }).waitFor();
	}
	const back = page.getByRole("listitem").filter({ hasText: "Replies appear here again." });
	await expect.poll(() => back.count()).toBe(1);
	expect(await page.getByText("Replies go to WhatsApp.").count()).toBe(0);
});

test("German, by the browser or by the page, and the other way round for those who read so", async () => {
	const id = await makeWidget({ origins: [site.origin], appearance: { replyTime: "REPLY_TIME_HOURS" } });
	const german = await (await device({ locale: "de-DE" })).newPage();
	await german.goto(site.withWidget(id));
	await open(german);
	await german.getByText("Antwortet meist in wenigen Stunden").waitFor();
	await german.getByText("Hallo! Wie können wir helfen?").waitFor();
	await german.goto(site.withWidget(id, { attributes: 'lang="en"' }));
	await german.getByRole("button", { name: "Open chat" }).waitFor();
	// What the widget does not speak it does not begin to: the words follow once it is known.
	for (const [locale, spoken, placeholder] of [
		["de-DE", "en", "Write a message"],
		["en-US", "de", "Nachricht schreiben"],
	] as const) {
		const other = await makeWidget({ origins: [site.origin], languages: [spoken] });
		const page = await (await device({ locale })).newPage();
		await page.goto(site.withWidget(other));
		await open(page);
		await page.getByPlaceholder(placeholder, { exact: true }).waitFor();
	}
	const mirrored = await (await device()).newPage();
	await mirrored.goto(site.withWidget(id, { attributes: 'lang="de" dir="rtl"' }));
	expect((await mirrored.getByRole("button", { name: "Chat öffnen" }).boundingBox())?.x).toBe(20);
	await open(mirrored);
	await expect.poll(async () => (await mirrored.getByRole("dialog").boundingBox())?.x).toBe(20);
});
