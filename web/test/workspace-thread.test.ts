import type { BrowserContext, Locator } from "playwright-core";
import { expect, inject, test } from "vitest";
import { fresh, logIn, provider } from "./api.js";
import { device, useBrowser } from "./browser.js";
import { channelMenu, fault, log, message, open, sendVia, text } from "./desk.js";
import { Person } from "./person.js";

useBrowser();

/** A customer who writes over WhatsApp alone, and their conversation. */
async function onWhatsApp(browser: BrowserContext): Promise<Person> {
	const person = await Person.come();
	await person.say("whatsapp", `Hello from ${person.name}`);
	await expect
		.poll(
			async () => {
				const answer = await browser.request.post(
					`${inject("origin")}/weiche.workspace.v1.WorkspaceService/ListConversations`,
					{ data: { limit: 20 } },
				);
				const all = (await answer.json()) as {
					conversations?: { conversationId: string; customerName?: string }[];
				};
				person.conversationId =
					all.conversations?.find((one) => one.customerName === person.name)?.conversationId ?? "";
				return person.conversationId;
			},
			{ timeout: 10_000 },
		)
		.not.toBe("");
	return person;
}

test("a message shows sender, channel badge and time; days are apart, and system lines say what happened (6)", async () => {
	const ana = await Person.come();
	await ana.write("Is the blue jacket there?");
	const page = await open(ana.conversationId);
	await text(page).fill("Let me look: https://blue-shop.example/jackets");
	await sendVia(page, "web chat").click();
	await message(page, "Let me look").getByText("Sent", { exact: true }).waitFor();
	await ana.connect();

	await log(page)
		.getByRole("group", { name: /^Visitor \w+, .*via web chat$|^Ana.*via web chat$/ })
		.waitFor();
	await log(page)
		.getByRole("group", { name: /^You, .*, via web chat$/ })
		.waitFor();
	await log(page).getByRole("heading", { name: "Today" }).waitFor();
	await log(page).getByText("WhatsApp connected").waitFor();
	await log(page).getByText("Replies now go to WhatsApp").waitFor();
	// Links show where they lead, and give the page that they open nothing of this one.
	const link = message(page, "Let me look").getByRole("link");
	expect(await link.getAttribute("rel")).toContain("noopener");
	expect(await link.getAttribute("title")).toBe("blue-shop.example");
	// Closing and assigning are lines, too.
	await page.getByRole("button", { name: "Close", exact: true }).click();
	await log(page).getByText("You closed the conversation").waitFor();
});

test("the composer says where a reply goes and why, live; a draft stays when that changes, and the button names the channel (9, 11)", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	const page = await open(ana.conversationId);
	await page.getByRole("button", { name: /^Replying via web chat\./ }).waitFor();
	await page.getByText(/^\(last used by .+, now\)$/).waitFor();
	await text(page).fill("A draft that stays");
	await ana.connect();
	await page.getByRole("button", { name: /^Replying via WhatsApp\./ }).waitFor();
	await page.getByText(/^\(connected by Ana.+\)$/).waitFor();
	// Who hears the page is told once.
	await page.getByRole("status").filter({ hasText: "Replying via WhatsApp" }).waitFor({ state: "attached" });
	await page
		.getByText(`${ana.name} moved to WhatsApp. Your draft is still here and will go there.`)
		.waitFor();
	expect(await text(page).inputValue()).toBe("A draft that stays");
	await sendVia(page, "WhatsApp").click();
	await message(page, "A draft that stays").getByText("Delivered").waitFor();
	expect((await ana.got("whatsapp")).map((one) => one.text)).toContain("A draft that stays");
	// Back in the web chat.
	await ana.write("Back at my desk");
	await page.getByRole("button", { name: /^Replying via web chat\./ }).waitFor();
	await message(page, "A draft that stays").hover();
	await message(page, "A draft that stays").getByRole("button", { name: "Why this route?" }).click();
	await page.getByText(`${ana.name} used WhatsApp last, so the reply went there.`).waitFor();
});

test("the channel menu has linked channels to choose, others disabled with the reason, and one click leads back to automatic (10)", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	await ana.connect();
	const page = await open(ana.conversationId);
	await channelMenu(page).click();
	const item = (name: RegExp) => page.getByRole("menuitemradio", { name });
	expect(await item(/^Automatic/).getAttribute("aria-checked")).toBe("true");
	for (const name of [/^Messenger/, /^Instagram/]) {
		expect(await item(name).getAttribute("aria-disabled")).toBe("true");
		expect(await item(name).textContent()).toContain("not connected by the customer");
	}
	await item(/^Web chat/).click();
	await page.getByText("pinned").waitFor();
	await text(page).fill("Only here");
	await sendVia(page, "web chat").click();
	await message(page, "Only here").getByText("Sent", { exact: true }).waitFor();
	// It stays until the agent lets go of it, over a reload as well.
	await page.reload();
	await page.getByText("pinned").waitFor();
	await page.getByRole("button", { name: "Back to automatic" }).click();
	await page.getByRole("button", { name: /^Replying via WhatsApp\./ }).waitFor();
	expect(await page.getByText("pinned").count()).toBe(0);
	await message(page, "Only here").hover();
	await message(page, "Only here").getByRole("button", { name: "Why this route?" }).click();
	await page.getByText("An agent chose web chat for this reply.").waitFor();
});

test("a window that is closed says where the text goes before it is sent, and what fell back looks different (8, 12)", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	await ana.connect(30);
	const page = await open(ana.conversationId);
	await page.getByText("Outside the 24-hour window. This will be shown in the web chat only.").waitFor();
	await text(page).fill("Are you still there?");
	await sendVia(page, "web chat").click();
	const fell = message(page, "Are you still there?");
	await fell.getByText("Shown in web chat, WhatsApp window closed").waitFor();
	// The control: what was sent to where it was meant for does not look like that.
	await channelMenu(page).click();
	await page.getByRole("menuitemradio", { name: /^Web chat/ }).click();
	await text(page).fill("Meant for here");
	await sendVia(page, "web chat").click();
	const meant = message(page, "Meant for here");
	await meant.getByText("Sent", { exact: true }).waitFor();
	const border = (of: Locator) =>
		of.locator(".bubble").evaluate((node) => getComputedStyle(node).borderStyle);
	expect([await border(fell), await border(meant)]).toEqual(["dashed", "solid"]);

	// A template still goes, by keys alone.
	await page.getByRole("button", { name: "Back to automatic" }).press("Enter");
	await page.getByRole("button", { name: "Use template" }).press("Enter");
	const dialog = page.getByRole("dialog", { name: "Template for WhatsApp" });
	await dialog.getByRole("button", { name: /^order_update/ }).waitFor();
	await page.keyboard.type("order");
	await page.keyboard.press("Enter");
	await dialog.getByLabel("Text: value 1").waitFor();
	expect(await dialog.getByText("Fill in all values first.").count()).toBe(0);
	await page.keyboard.type("Ana");
	await page.keyboard.press("Enter");
	await dialog.getByText("Fill in all values first.").waitFor();
	await page.keyboard.press("Tab");
	await page.keyboard.type("4711");
	await dialog
		.getByRole("region", { name: "Preview" })
		.getByText("Hello Ana, there is news of your order 4711.")
		.waitFor();
	await page.keyboard.press("Enter");
	await message(page, "order_update").getByText("Delivered").waitFor();
	expect((await ana.got("whatsapp")).at(-1)?.text).toContain("Hello Ana, there is news of your order 4711.");
});

test("a window is counted down from two hours before it closes (12)", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	await ana.connect(23);
	const page = await open(ana.conversationId);
	await page.getByText(/^WhatsApp window closes in (59 min|1 h)$/).waitFor();
	// The control: one that has just opened is not counted.
	await ana.say("whatsapp", "Still here");
	await message(page, "Still here").waitFor();
	await page.getByText(/window closes in/).waitFor({ state: "detached" });
});

test("limits are checked while typing, for the channel that it goes to; files by type and size before they are sent (13)", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	await ana.connect();
	const page = await open(ana.conversationId);
	await text(page).fill("x".repeat(4000));
	await page.getByText("4,000 of 4,096 characters").waitFor();
	await text(page).fill("x".repeat(4100));
	await page.getByText("Over 4,096 characters: WhatsApp gets it in several messages.").waitFor();
	await text(page).fill("x".repeat(16_385));
	await page.getByText("1 byte too long to be sent.").waitFor();
	expect(await sendVia(page, "WhatsApp").getAttribute("aria-disabled")).toBe("true");
	// The web chat takes what WhatsApp divides.
	await text(page).fill("x".repeat(4100));
	await channelMenu(page).click();
	await page.getByRole("menuitemradio", { name: /^Web chat/ }).click();
	await page.getByText("Over 4,096 characters").waitFor({ state: "detached" });
	await page.getByRole("button", { name: "Back to automatic" }).click();
	await text(page).fill("");

	let uploads = 0;
	page.on("request", (request) => {
		if (request.url().includes("/v1/uploads")) uploads++;
	});
	const files = page.locator("input[type=file]");
	await files.setInputFiles({ name: "nothing.txt", mimeType: "text/plain", buffer: Buffer.alloc(0) });
	await page.getByText("nothing.txt is empty.").waitFor();
	expect(uploads).toBe(0);
	await files.setInputFiles({ name: "moving.gif", mimeType: "image/gif", buffer: gif });
	await page.getByText("WhatsApp does not take this type: it goes as a link.").waitFor();
	await expect.poll(() => uploads).toBe(1);
	await page.getByRole("button", { name: "Remove moving.gif" }).click();
	await page.getByText("moving.gif").waitFor({ state: "detached" });
});

const gif = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
const png = Buffer.from(
	"iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEklEQVR4nGP4z8DAAMIM/4EAAB/uBfsL2WiLAAAAAElFTkSuQmCC",
	"base64",
);

test("pictures and quick replies go to the customer, and answers come back", async () => {
	const ana = await Person.come();
	await ana.write("Which colours are there?");
	await ana.connect();
	const page = await open(ana.conversationId);
	await page
		.locator("input[type=file]")
		.setInputFiles({ name: "jackets.png", mimeType: "image/png", buffer: png });
	await page.getByRole("list", { name: "Attachments" }).getByText("jackets.png").waitFor();
	await page.getByRole("button", { name: "Quick replies", exact: true }).click();
	await page.getByRole("textbox", { name: "Quick reply 1" }).fill("Blue");
	await page.getByText("Quick replies need a question above them.").waitFor();
	await text(page).fill("Blue or red?");
	await page.getByRole("textbox", { name: "Quick reply 2" }).fill("Red");
	await sendVia(page, "WhatsApp").click();
	await message(page, "Blue or red?").getByText("Delivered").waitFor();
	const picture = message(page, "Blue or red?").getByRole("img", { name: /jackets\.png/ });
	await picture.waitFor();
	await expect.poll(() => picture.evaluate((node: HTMLImageElement) => node.naturalWidth)).toBe(2);
	expect(JSON.stringify(await ana.got("whatsapp", 2))).toContain("Red");
	await provider("POST", `/sim/people/${ana.name}/tap`, { integration: "whatsapp", button: "Red" });
	await message(page, "Chose “Red”").waitFor();
});

test("a note looks unlike a reply, both drafts are kept, and it leaves by no channel (16)", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	await ana.connect();
	const page = await open(ana.conversationId);
	await text(page).fill("To Ana");
	await page.keyboard.press("Escape");
	await page.getByRole("heading", { level: 2 }).focus();
	await page.keyboard.press("n");
	await page.getByRole("textbox", { name: "Note for agents" }).waitFor();
	await page.keyboard.type("Among us");
	await page.getByRole("radio", { name: /^Reply/ }).check({ force: true });
	expect(await text(page).inputValue()).toBe("To Ana");
	await page.getByRole("radio", { name: /^Note/ }).check({ force: true });
	expect(await text(page).inputValue()).toBe("Among us");
	await page.getByRole("button", { name: "Add note" }).click();
	const note = log(page).getByRole("group", { name: /^You noted/ });
	await note.getByText("Among us").waitFor();
	await note.getByText("Only agents see this").waitFor();
	// The control is the reply that does arrive, after the note.
	await page.getByRole("radio", { name: /^Reply/ }).check({ force: true });
	await page.keyboard.press("Enter");
	const got = (await ana.got("whatsapp")).map((one) => one.text);
	expect(got).toContain("To Ana");
	expect(got).not.toContain("Among us");
	expect(JSON.stringify(await ana.widgetCall("GetTimeline", { limit: 100 }))).not.toContain("Among us");
});

test("a failure says the provider's code, the reason and the next step; retrying sends it (7)", async () => {
	const browser = await device();
	await logIn(browser);
	const ben = await onWhatsApp(browser);
	const page = await open(ben.conversationId, browser);
	const failed = await fault({ kind: "failed", integration: "200001", code: 131026, times: 1 });
	await text(page).fill("Can you hear me?");
	await page.keyboard.press("Enter");
	const first = message(page, "Can you hear me?").first();
	await first.getByText("Not delivered", { exact: true }).waitFor();
	expect(await failed()).toBe(1);
	await first.getByText("The customer cannot be reached there.").waitFor();
	await first.getByText("Code 131026").waitFor();
	await first.getByRole("button", { name: "Use template" }).waitFor();
	await first.getByRole("button", { name: "Retry" }).click();
	const delivered = message(page, "Can you hear me?").last();
	await delivered.getByText("Delivered").waitFor();
	await delivered.getByTitle(/^Delivered, \d/).waitFor();
	expect((await ben.got("whatsapp")).map((one) => one.text)).toContain("Can you hear me?");
});

test("where nobody knows whether it arrived, the agent says (7)", async () => {
	const browser = await device();
	await logIn(browser);
	const ben = await onWhatsApp(browser);
	const page = await open(ben.conversationId, browser);
	const silent = await fault({ kind: "drop", integration: "200001", event: "status" });
	const reset = await fault({ kind: "reset_after_accept", integration: "200001", times: 1 });
	await text(page).fill("Did this arrive?");
	await page.keyboard.press("Enter");
	const asked = message(page, "Did this arrive?");
	await asked.getByText("Outcome unknown").waitFor();
	expect(await reset()).toBe(1);
	await asked.getByText(/did not say whether this arrived/).waitFor();
	await asked.getByRole("button", { name: "Send again" }).waitFor();
	await asked.getByRole("button", { name: "It arrived" }).click();
	await asked.getByText("Outcome unknown").waitFor({ state: "detached" });
	await asked.getByRole("button", { name: "Send again" }).waitFor({ state: "detached" });
	expect(await silent()).toBeGreaterThan(0);
});

test("the log stays where it is read: older lines come above, new ones are told of", async () => {
	const ana = await Person.come();
	await ana.write("The first");
	const browser = await device();
	await logIn(browser);
	for (let n = 1; n <= 90; n += 10) {
		await Promise.all(
			Array.from({ length: 10 }, (_, of) =>
				browser.request.post(`${inject("origin")}/weiche.workspace.v1.WorkspaceService/SendReply`, {
					data: { conversationId: ana.conversationId, text: `Line ${n + of}.`, clientToken: fresh("r") },
				}),
			),
		);
	}
	const page = await open(ana.conversationId, browser);
	await message(page, "Line 90.").waitFor();
	expect(await message(page, "The first").count()).toBe(0);
	// All of the page has been drawn, and not only what is in sight.
	await page.getByRole("button", { name: "Show older messages" }).waitFor();
	await log(page).evaluate((node) => {
		node.scrollTop = 220;
	});
	const place = async () => (await message(page, "Line 60.").boundingBox())?.y ?? 0;
	const before = await place();
	await message(page, "The first").waitFor();
	expect(Math.abs((await place()) - before)).toBeLessThan(3);
	await ana.write("A new one");
	const news = page.getByRole("button", { name: "1 new message" });
	await news.waitFor();
	expect(Math.abs((await place()) - before)).toBeLessThan(3);
	await news.click();
	await expect
		.poll(() => log(page).evaluate((node) => node.scrollHeight - node.scrollTop - node.clientHeight))
		.toBeLessThan(2);
	await news.waitFor({ state: "detached" });
});

test("typing is seen on both sides, and what was seen is written down", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	const page = await open(ana.conversationId);
	const typing = page.getByText(/is typing…$/);
	// It is of the moment: whoever is not connected yet misses it.
	const types = () => ana.widgetCall("SendTyping", { on: true }).then(() => typing.count());
	await expect.poll(types, { timeout: 10_000 }).toBe(1);
	await ana.write("There");
	await typing.waitFor({ state: "detached" });
	await message(page, "There").waitFor();
	await page.bringToFront();
	const seen = async () => {
		const url = `${inject("origin")}/weiche.workspace.v1.WorkspaceService/GetConversation`;
		const data = { conversationId: ana.conversationId, latest: true, limit: 1 };
		const answer = await page.request.post(url, { data });
		return ((await answer.json()) as { summary?: { unread?: number } }).summary?.unread ?? 0;
	};
	await expect.poll(seen, { timeout: 5000 }).toBe(0);
});
