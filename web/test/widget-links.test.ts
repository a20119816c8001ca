import { expect, test } from "vitest";
import { makePerson } from "./api.js";
import { device, expectComplaints, useBrowser } from "./browser.js";
import { addressOf, answerOnPhone, link, onPhone, openChat, openOnPhone, status, toChannel } from "./chat.js";
import { useSite } from "./site.js";

useBrowser();
const site = useSite();

test("a code that expires makes room for a new one without losing the page", async () => {
	const here = await device();
	await here.clock.install();
	const { tab } = await openChat(site, { on: here });
	await toChannel(tab, "WhatsApp");
	const before = await addressOf(tab, "WhatsApp");
	await tab.getByText("Code valid for 15 min.").waitFor();
	await here.clock.fastForward("01:30");
	await tab.getByText("Code valid for 14 min.").waitFor();
	await here.clock.fastForward("14:00");
	await expect.poll(() => status(tab).innerText()).toBe("This code has expired.");
	expect(await tab.getByRole("link").count()).toBe(0);
	await tab.getByRole("heading", { name: "Continue in WhatsApp" }).waitFor();
	// The device's clock is not the server's, which gives a code of its own time.
	await here.clock.setSystemTime(Date.now());
	await tab.getByRole("button", { name: "Create new code" }).click();
	await expect.poll(() => status(tab).innerText()).toBe("Waiting for your message.");
	expect(await addressOf(tab, "WhatsApp")).not.toBe(before);
});

test("a clock that goes wrong counts nothing down, and ends nothing", async () => {
	const here = await device();
	await here.clock.install({ time: Date.now() + 3 * 3_600_000 });
	const { tab } = await openChat(site, { on: here });
	await toChannel(tab, "Messenger");
	await addressOf(tab, "Messenger");
	await expect.poll(() => status(tab).innerText()).toBe("Waiting for you in Messenger.");
	expect(await tab.getByText(/Code valid/).count()).toBe(0);
});

test("what was declined on the phone says so, and a new code connects", async () => {
	const ana = await makePerson();
	const { tab } = await openChat(site);
	await toChannel(tab, "Messenger");
	await openOnPhone(ana, await addressOf(tab, "Messenger"));
	await answerOnPhone(ana, "messenger", false);
	await expect.poll(() => status(tab).innerText()).toBe("You said no in Messenger. Nothing has changed.");
	await tab.getByRole("button", { name: "Create new code" }).click();
	await openOnPhone(ana, await addressOf(tab, "Messenger"));
	await answerOnPhone(ana, "messenger", true, 2);
	await expect.poll(() => status(tab).innerText()).toBe("Connected. We will now reply on Messenger.");
});

test("what was brought can be cancelled in the widget", async () => {
	const ana = await makePerson();
	const { tab } = await openChat(site);
	await toChannel(tab, "Instagram");
	await openOnPhone(ana, await addressOf(tab, "Instagram"));
	await expect.poll(() => status(tab).innerText()).toContain("Now confirm in Instagram.");
	await tab.getByRole("button", { name: "Cancel" }).click();
	await expect.poll(() => status(tab).innerText()).toBe("Cancelled. Nothing has changed.");
	await tab.getByRole("button", { name: "Back to the chat" }).click();
	await tab.getByRole("textbox", { name: "Message" }).waitFor();
});

test("leaving the page ends no code, and what was brought is found again", async () => {
	const ana = await makePerson();
	const { tab } = await openChat(site);
	await toChannel(tab, "WhatsApp");
	const url = await addressOf(tab, "WhatsApp");
	await tab.getByRole("button", { name: "Back" }).click();
	await openOnPhone(ana, url);
	await onPhone(ana, "whatsapp", "Continue the conversation");
	await toChannel(tab, "WhatsApp");
	await expect.poll(() => status(tab).innerText()).toContain("Now confirm in WhatsApp.");
	await answerOnPhone(ana, "whatsapp", true);
	await expect.poll(() => status(tab).innerText()).toBe("Connected. We will now reply on WhatsApp.");
});

test("an account that belongs to another chat is refused in words", async () => {
	const ana = await makePerson();
	const first = await openChat(site);
	await link(first.tab, "WhatsApp", ana);
	const { tab } = await openChat(site);
	await toChannel(tab, "WhatsApp");
	await openOnPhone(ana, await addressOf(tab, "WhatsApp"));
	await expect
		.poll(() => status(tab).innerText())
		.toBe("This WhatsApp account already belongs to another chat.");
	await onPhone(ana, "whatsapp", "This account already belongs to another chat.");
	await tab.getByRole("button", { name: "Create new code" }).click();
	await addressOf(tab, "WhatsApp");
});

test("a newer code of another tab is said, and that tab's link is followed", async () => {
	const ana = await makePerson();
	const here = await device();
	const { tab, address } = await openChat(site, { on: here });
	await toChannel(tab, "WhatsApp");
	await addressOf(tab, "WhatsApp");
	const other = await here.newPage();
	await other.goto(address);
	await other.getByRole("button", { name: "Open chat" }).click();
	await toChannel(other, "WhatsApp");
	const url = await addressOf(other, "WhatsApp");
	await expect.poll(() => status(tab).innerText()).toBe("A newer code was made in another window.");
	await openOnPhone(ana, url);
	await expect.poll(() => status(tab).innerText()).toContain("Now confirm in WhatsApp.");
	await answerOnPhone(ana, "whatsapp", true);
	for (const one of [tab, other]) {
		await expect.poll(() => status(one).innerText()).toBe("Connected. We will now reply on WhatsApp.");
	}
});

test("a widget that asks too connects after both have said yes, and not after a no", async () => {
	const ana = await makePerson();
	const { tab } = await openChat(site, { setup: { confirmation: "CONFIRMATION_BOTH" } });
	await toChannel(tab, "WhatsApp");
	await openOnPhone(ana, await addressOf(tab, "WhatsApp"));
	await expect.poll(() => status(tab).innerText()).toMatch(/^Is this you\? WhatsApp number ending in \d\d$/);
	await tab.getByRole("button", { name: "No" }).click();
	await expect.poll(() => status(tab).innerText()).toBe("Cancelled. Nothing has changed.");

	await tab.getByRole("button", { name: "Create new code" }).click();
	await openOnPhone(ana, await addressOf(tab, "WhatsApp"));
	await tab.getByRole("button", { name: "Yes, this is me" }).click();
	await expect.poll(() => status(tab).innerText()).toContain("Now confirm in WhatsApp.");
	await answerOnPhone(ana, "whatsapp", true, 2);
	await expect.poll(() => status(tab).innerText()).toBe("Connected. We will now reply on WhatsApp.");
});

test("who is back in the chat is asked there, and the button says that a question waits", async () => {
	const ana = await makePerson();
	const { tab, address } = await openChat(site, { setup: { confirmation: "CONFIRMATION_BOTH" } });
	const asked = tab.getByRole("status").filter({ hasText: "Is this you?" });
	const bring = async () => {
		await toChannel(tab, "WhatsApp");
		const url = await addressOf(tab, "WhatsApp");
		await tab.getByRole("button", { name: "Back" }).click();
		expect(await asked.count()).toBe(0);
		await openOnPhone(ana, url);
	};
	await bring();
	await expect.poll(() => asked.innerText()).toMatch(/^Is this you\? WhatsApp number ending in \d\d$/);
	await tab.getByRole("button", { name: "No", exact: true }).click();
	await asked.waitFor({ state: "detached" });

	await bring();
	await asked.waitFor();
	await tab.getByRole("button", { name: "Close", exact: true }).click();
	const button = tab.getByRole("button", { name: "Open chat, 1 question for you", exact: true });
	expect(await button.textContent()).toBe("1");
	await tab.goto(address);
	await button.click();
	await tab.getByRole("button", { name: "Yes, this is me" }).click();
	await tab.getByRole("status").filter({ hasText: "Now confirm in WhatsApp." }).waitFor();
	const log = tab.getByRole("log");
	expect(await log.evaluate((one) => one === (one.getRootNode() as ShadowRoot).activeElement)).toBe(true);
	await answerOnPhone(ana, "whatsapp", true, 2);
	await log.getByText("WhatsApp connected").waitFor();
	await expect.poll(() => tab.getByText("Now confirm in WhatsApp.").count()).toBe(0);
});

test("the page of a channel that cannot be loaded says so, and is tried again", async () => {
	const { tab } = await openChat(site);
	await tab.getByRole("textbox", { name: "Message" }).waitFor();
	let refused = 0;
	await tab.route("**/channels.js*", (route) => (refused++ ? route.continue() : route.abort()));
	await tab.getByRole("button", { name: "Continue on another app" }).click();
	await tab.getByRole("menuitem", { name: "WhatsApp" }).click();
	await tab.getByText("This page could not be loaded.").waitFor();
	await tab.getByRole("button", { name: "Try again" }).click();
	await addressOf(tab, "WhatsApp");
	expect(refused).toBeGreaterThan(1);
	expectComplaints(/channels\.js|ERR_FAILED/);
});
