import type { BrowserContextOptions, FrameLocator, Locator, Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import { fresh, makePerson, provider } from "./api.js";
import { violations } from "./axe.js";
import { device, expectComplaints, useBrowser } from "./browser.js";

useBrowser();

/** The demo's page with somebody's phone, and its parts. */
class Demo {
	/** What the page and its frames wrote to the console, of whatever kind. */
	readonly console: string[] = [];
	readonly shop: FrameLocator;
	readonly desk: FrameLocator;
	readonly phone: Locator;

	private constructor(
		readonly page: Page,
		readonly person: string,
	) {
		page.on("console", (message) => this.console.push(`${message.type()}: ${message.text()}`));
		this.shop = page.frameLocator('iframe[title="The shop"]');
		this.desk = page.frameLocator('iframe[title="The workspace"]');
		this.phone = page.getByRole("region", { name: `${person}'s phone` });
	}

	static async open(
		viewport = { width: 1280, height: 800 },
		options: BrowserContextOptions = {},
	): Promise<Demo> {
		const person = await makePerson();
		const page = await (await device({ viewport, ...options })).newPage();
		const demo = new Demo(page, person);
		await page.goto(`${inject("origin")}/demo?phone=${person}`);
		await page.getByRole("heading", { level: 1 }).waitFor();
		return demo;
	}

	/** Waits until the page shows a next step. */
	async next(step: string): Promise<void> {
		await this.page.getByRole("status").filter({ hasText: step }).first().waitFor();
	}

	/** The customer writes in the shop's chat. */
	async writes(text: string): Promise<void> {
		const field = this.shop.getByRole("textbox");
		await field.fill(text);
		await field.press("Enter");
	}

	/** The agent replies; the place is what the button says. */
	async replies(text: string, place: string): Promise<void> {
		await this.desk.getByRole("textbox", { name: `Reply via ${place}` }).fill(text);
		await this.desk.getByRole("button", { name: `Send via ${place}` }).click();
	}

	/** The customer chooses an app in the chat and scans its code; the phone shows its thread. */
	async scans(app: string): Promise<void> {
		await this.shop.getByRole("button", { name: "Continue on another app" }).click();
		await this.shop.getByRole("menuitem", { name: app }).click();
		await this.next("Scan the code with the phone");
		await this.phone.getByRole("navigation").getByRole("button", { name: "Scan" }).click();
	}

	/** What the phone shows of an app's thread, as texts. */
	async shown(app: string): Promise<string[]> {
		await this.phone.getByRole("navigation").getByRole("button", { name: app }).click();
		return this.phone.getByRole("log").locator(".words").allInnerTexts();
	}
}

test("the whole story: chat, Messenger, chat again, WhatsApp, disconnected", async () => {
	const demo = await Demo.open();
	const first = `${fresh("story")}: is the blue jacket there in M?`;

	await demo.next("Write something in the shop's chat");
	await demo.shop.getByRole("button", { name: "Open chat" }).click();
	await demo.writes(first);
	await demo.next("Answer the new conversation");
	await demo.desk.getByRole("link").filter({ hasText: first }).click();
	await demo.replies("Let me have a look.", "web chat");
	await demo.next("choose Messenger");

	await demo.scans("Messenger");
	await demo.next("Press the button on the phone");
	await demo.phone.getByRole("button", { name: /get started/i }).click();
	await demo.next("Say yes on the phone");
	await demo.phone.getByRole("button", { name: "Yes, continue here" }).click();
	await demo.next("it goes to Messenger");
	await demo.replies("Two of them are left.", "Messenger");
	await demo.next("Write back in Messenger");
	await demo.phone.getByRole("log").getByText("Two of them are left.").waitFor();
	await demo.phone.getByRole("textbox", { name: "Message" }).fill("I am on the bus. Keep one for me?");
	await demo.phone.getByRole("button", { name: "Send", exact: true }).click();

	await demo.next("write in the chat again");
	await demo.shop.getByRole("button", { name: "Back to the chat" }).click();
	await demo.writes("Back at my desk.");
	await demo.next("it goes to the chat");
	await demo.replies("It is put aside.", "web chat");

	await demo.next("Go on in WhatsApp");
	await demo.scans("WhatsApp");
	await demo.next("Press send on the phone");
	expect(await demo.phone.getByRole("textbox", { name: "Message" }).inputValue()).toContain(
		"Please continue my chat here",
	);
	await demo.phone.getByRole("button", { name: "Send", exact: true }).click();
	await demo.next("Say yes on the phone");
	await demo.phone.getByRole("button", { name: "Yes, continue here" }).click();
	await demo.next("it goes to WhatsApp");
	await demo.replies("We are open until eight.", "WhatsApp");
	await demo.next("Disconnect WhatsApp");

	await demo.shop.getByRole("button", { name: "Back to the chat" }).click();
	await demo.shop.getByRole("button", { name: "Continue on another app" }).click();
	await demo.shop.getByRole("menuitem", { name: "WhatsApp" }).click();
	await demo.shop.getByRole("button", { name: "Disconnect" }).first().click();
	await demo.shop.getByRole("button", { name: "Disconnect" }).last().click();
	await demo.next("Answer once more");
	await demo.replies("See you tonight.", "web chat");
	await demo.next("That was the story");

	// The chat shows all of it, each line from elsewhere with where it was said.
	const log = demo.shop.getByRole("log");
	if (!(await log.isVisible())) await demo.shop.getByRole("button", { name: "Back", exact: true }).click();
	await log.getByText("See you tonight.").waitFor();
	const whole = await log.innerText();
	const all = [
		first,
		"Let me have a look.",
		"Two of them are left.",
		"I am on the bus. Keep one for me?",
		"Back at my desk.",
		"It is put aside.",
		"We are open until eight.",
		"See you tonight.",
	];
	expect(all.map((text) => whole.split(text).length - 1)).toEqual(all.map(() => 1));
	expect([...all].sort((a, b) => whole.indexOf(a) - whole.indexOf(b))).toEqual(all);
	expect(whole).toContain("via Messenger");
	expect(whole).toContain("via WhatsApp");

	// Each app of the phone shows what followed the switch to it, and nothing else.
	const question = expect.stringContaining("Continue the conversation from blue-shop.example");
	await expect
		.poll(() => demo.shown("Messenger"))
		.toEqual([
			expect.stringMatching(/get started/i),
			question,
			"Yes, continue here",
			"Two of them are left.",
			"I am on the bus. Keep one for me?",
		]);
	await expect
		.poll(() => demo.shown("WhatsApp"))
		.toEqual([
			expect.stringContaining("Please continue my chat here"),
			question,
			"Yes, continue here",
			"We are open until eight.",
			expect.stringContaining("This chat goes on on the website"),
		]);
	expect(await demo.shown("Instagram")).toEqual([]);
	expect(demo.console, "what the pages wrote to the console").toEqual([]);
}, 120_000);

test("a phone on which nothing happens has nothing to complain about", async () => {
	const person = await makePerson();
	const page = await (await device()).newPage();
	const written: string[] = [];
	page.on("console", (message) => written.push(message.text()));
	// The page asks again after twenty seconds, and here at once.
	let quiet = 0;
	await page.route("**/threads?*", async (route) => {
		const answer = await route.fetch({
			url: route
				.request()
				.url()
				.replace(/timeout=\w+/, "timeout=50ms"),
		});
		const asked = new URL(route.request().url()).searchParams.get("after");
		if (String(((await answer.json()) as { revision: number }).revision) === asked) quiet++;
		await route.fulfill({ response: answer });
	});
	await page.goto(`${inject("providers")}/sim/?phone=${person}`);
	await expect.poll(() => quiet).toBeGreaterThan(3);
	expect(written).toEqual([]);
	// A wait that fails is heard of: the test would see it.
	await page.evaluate((name) => fetch(`/sim/people/${name}/threads?min=9`), person);
	await expect.poll(() => written.join()).toContain("504");
	expectComplaints(/504/);
	await page.unrouteAll({ behavior: "ignoreErrors" });
});

for (const colorScheme of ["light", "dark"] as const) {
	test(`nothing keeps anybody out of the demo or the simulator, ${colorScheme}`, async () => {
		// What is still being faded in has less contrast.
		const how = { colorScheme, reducedMotion: "reduce" } as const;
		const wide = await Demo.open({ width: 1440, height: 900 }, how);
		const text = fresh("axe");
		await wide.shop.getByRole("button", { name: "Open chat" }).click();
		await wide.writes(text);
		await wide.desk.getByRole("link").filter({ hasText: text }).click();
		await wide.desk.getByRole("textbox", { name: "Reply via web chat" }).waitFor();
		await provider("POST", `/sim/people/${wide.person}/send`, { integration: "whatsapp", text });
		await wide.phone.getByRole("log").getByText(text).waitFor();
		await wide.page.getByRole("button", { name: "What goes wrong" }).click();
		await wide.page.getByRole("checkbox", { name: /^Twice/ }).waitFor();
		expect(await violations(wide.page), "wide").toEqual([]);
		await wide.page.setViewportSize({ width: 390, height: 844 });
		for (const part of ["Shop", "Phone", "Workspace"]) {
			await wide.page.getByRole("navigation", { name: "Parts" }).getByRole("button", { name: part }).click();
			expect(await violations(wide.page), `narrow, ${part}`).toEqual([]);
		}

		const page = await (await device(how)).newPage();
		await page.goto(`${inject("providers")}/sim/?phone=${wide.person}`);
		await page.getByRole("log").getByText(text).waitFor();
		await page.getByRole("listitem").filter({ hasText: "from WhatsApp" }).first().waitFor();
		expect(await violations(page), "the simulator").toEqual([]);
		await page.setViewportSize({ width: 320, height: 640 });
		expect(await violations(page), "the simulator, narrow").toEqual([]);
	});
}

test("a phone that is held over the code reads it, and a link that is pasted does the same", async () => {
	const demo = await Demo.open();
	await demo.shop.getByRole("button", { name: "Open chat" }).click();
	await demo.writes(fresh("held"));
	await demo.shop.getByRole("button", { name: "Continue on another app" }).click();
	await demo.shop.getByRole("menuitem", { name: "WhatsApp" }).click();
	const code = await demo.shop.getByRole("img", { name: /QR/ }).boundingBox();
	const grip = await demo.phone.locator(".grip").boundingBox();
	if (!code || !grip) throw new Error("there is nothing to hold the phone over");
	await demo.page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2);
	await demo.page.mouse.down();
	// Beside the code nothing happens.
	await demo.page.mouse.move(code.x - 30, code.y - 30, { steps: 4 });
	expect(await demo.phone.getByRole("heading", { name: "Camera" }).count()).toBe(0);
	await demo.page.mouse.move(code.x + code.width / 2, code.y + code.height / 2, { steps: 4 });
	await demo.phone.getByRole("status").filter({ hasText: "wa.me" }).waitFor();
	await demo.page.mouse.up();
	const draft = demo.phone.getByRole("textbox", { name: "Message" });
	await draft.waitFor();
	expect(await draft.inputValue()).toContain("Please continue my chat here");

	const { integrations } = await provider<{ integrations: { link: string; channel: string }[] }>(
		"GET",
		"/sim/integrations",
	);
	const messenger = integrations.find((one) => one.channel === "instagram");
	await demo.phone.getByRole("navigation").getByRole("button", { name: "Scan" }).click();
	await demo.phone.getByRole("textbox", { name: "Or paste a link" }).fill(`${messenger?.link}?ref=abc`);
	await demo.phone.getByRole("button", { name: "Open", exact: true }).click();
	await demo.phone.getByText("Instagram", { exact: true }).first().waitFor();
	await demo.phone.getByRole("button", { name: /get started/i }).waitFor();
});

test("what goes wrong is switched on and off in words, and the wire shows it", async () => {
	const demo = await Demo.open();
	const text = fresh("twice");
	await demo.page.getByRole("button", { name: "What goes wrong" }).click();
	const twice = demo.page.getByRole("checkbox", { name: /^Twice/ });
	// The page shows what was asked for before the providers have heard of it.
	const rules = async () => (await provider<{ faults: unknown[] }>("GET", "/sim/faults")).faults.length;
	await twice.check();
	await demo.page.getByText("1 on").waitFor();
	await expect.poll(rules).toBe(1);
	await provider("POST", `/sim/people/${demo.person}/send`, { integration: "whatsapp", text });
	await demo.page.getByText(/happened (once|\d+ times)/).waitFor();
	await twice.uncheck();
	await demo.page.getByText("1 on").waitFor({ state: "detached" });
	await expect.poll(rules).toBe(0);
	// The message came twice and is there once.
	const row = demo.desk.getByRole("link").filter({ hasText: text });
	await row.waitFor();
	expect(await row.count()).toBe(1);

	// A closed window lets no reply through; open again, it does.
	await row.click();
	const closed = demo.page.getByRole("checkbox", { name: /^Window closed/ });
	await closed.check();
	await demo.page.getByText("1 on").waitFor();
	// Each account has a rule of its own.
	const accounts = await provider<{ integrations: unknown[] }>("GET", "/sim/integrations");
	await expect.poll(rules).toBe(accounts.integrations.length);
	await demo.replies("Too late?", "WhatsApp");
	await demo.page.getByText("happened once").waitFor();
	await closed.uncheck();
	await demo.page.getByText("1 on").waitFor({ state: "detached" });
	await expect.poll(rules).toBe(0);
	await demo.replies("In time.", "WhatsApp");
	await demo.phone.getByRole("log").getByText("In time.").waitFor();
	expect(await demo.phone.getByText("Too late?").count()).toBe(0);

	await demo.page.getByRole("button", { name: "Calls" }).click();
	const call = demo.page.getByRole("listitem").filter({ hasText: "from WhatsApp" }).first();
	await call.locator("summary").click();
	await call.getByText(/Signature: sha256=/).waitFor();
});

test("where there is less room the parts are behind each other, and the code is still read", async () => {
	const demo = await Demo.open({ width: 900, height: 760 });
	const parts = demo.page.getByRole("navigation", { name: "Parts" });
	await demo.shop.getByRole("button", { name: "Open chat" }).click();
	await demo.writes(fresh("narrow"));
	await demo.shop.getByRole("button", { name: "Continue on another app" }).click();
	await demo.shop.getByRole("menuitem", { name: "Messenger" }).click();
	await demo.shop.getByRole("img", { name: /QR/ }).waitFor();
	await parts.getByRole("button", { name: "Phone" }).click();
	await demo.phone.getByRole("navigation").getByRole("button", { name: "Scan" }).click();
	await demo.phone.getByRole("button", { name: /get started/i }).waitFor();
});

test("starting over gives the phone and the chat to somebody new", async () => {
	const demo = await Demo.open();
	const text = fresh("before");
	await demo.shop.getByRole("button", { name: "Open chat" }).click();
	await demo.writes(text);
	await demo.next("Answer the new conversation");
	await provider("POST", `/sim/people/${demo.person}/send`, { integration: "whatsapp", text });
	await demo.phone.getByRole("log").getByText(text).waitFor();
	await demo.page.getByRole("button", { name: "Start over" }).click();
	await demo.next("Write something in the shop's chat");
	await demo.page.getByText("No chats yet").waitFor();
	expect(await demo.phone.count(), "the phone is somebody else's").toBe(0);
	await demo.shop.getByRole("button", { name: "Open chat" }).click();
	await demo.shop.getByText("Hello! How can we help you?").waitFor();
	expect(await demo.shop.getByText(text).count()).toBe(0);
});

test("the simulator alone has a page: its phones write, and read codes from pictures", async () => {
	const person = await makePerson();
	const text = fresh("alone");
	const page = await (await device()).newPage();
	await page.goto(`${inject("providers")}/sim/?phone=${person}`);
	await page.getByRole("heading", { level: 1, name: "Simulator" }).waitFor();
	const phone = page.getByRole("region", { name: `${person}'s phone` });
	await phone.getByRole("button", { name: /Write to/ }).click();
	await phone.getByRole("textbox", { name: "Message" }).fill(text);
	await phone.getByRole("textbox", { name: "Message" }).press("Enter");
	await phone.getByRole("log").getByText(text).waitFor();
	await page.getByRole("listitem").filter({ hasText: "from WhatsApp" }).first().waitFor();

	// A picture without a code is said to be one; it opens nothing.
	await phone.getByRole("navigation").getByRole("button", { name: "Scan" }).click();
	const dot =
		"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
	await phone.locator("input[type=file]").setInputFiles({
		name: "dot.png",
		mimeType: "image/png",
		buffer: Buffer.from(dot, "base64"),
	});
	await phone.getByText("There is no code in this picture.").waitFor();
});

test("the page can be had from this machine alone", async () => {
	const { hostname, port } = new URL(inject("origin"));
	expect(hostname).toBe("127.0.0.1");
	const page = await (await device()).newPage();
	const asked = await page.request.get(`${inject("origin")}/demo`, {
		headers: { Host: `shop.example:${port}` },
	});
	expect(asked.status()).toBe(403);
	expect(asked.headers()["set-cookie"]).toBeUndefined();
	const here = await page.request.get(`${inject("origin")}/demo`);
	expect(here.headers()["set-cookie"]).toContain("session");
});
