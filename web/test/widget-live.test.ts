/** What a customer sees of the moment: a connection that breaks, somebody who types, opening hours. */

import type { Page, WebSocketRoute } from "playwright-core";
import { expect, inject, test } from "vitest";
import { makePerson, makeWidget } from "./api.js";
import { device, expectComplaints, useBrowser } from "./browser.js";
import { kim, link } from "./chat.js";
import { useSite } from "./site.js";
import { open, reply, write } from "./talk.js";

useBrowser();
const site = useSite();

/** Lets connections of a page break, and stay so. */
async function breakable(page: Page): Promise<{ cut(): Promise<void>; mend(): void }> {
	const sockets = new Set<WebSocketRoute>();
	let down = false;
	await page.routeWebSocket(/\/v1\/stream$/, (socket) => {
		if (down) return void socket.close({ code: 1012 });
		sockets.add(socket);
		socket.connectToServer();
	});
	await page.route("**/weiche.stream.v1.StreamService/Subscribe", (route) =>
		down ? route.abort() : route.continue(),
	);
	return {
		cut: async () => {
			down = true;
			for (const socket of sockets) await socket.close({ code: 1012 });
			sockets.clear();
		},
		mend: () => {
			down = false;
		},
	};
}

test("a lost connection is told calmly, and afterwards nothing is missing or double", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (await device()).newPage();
	const connection = await breakable(page);
	await page.goto(site.withWidget(id));
	await open(page);
	const conversation = await write(page, id, "Is anybody there?");
	await reply(conversation, "before");
	await page.getByText("before", { exact: true }).waitFor();

	const banner = page.getByRole("status").filter({ hasText: /connection|Connecting|reconnect/i });
	await connection.cut();
	await banner.waitFor();
	await reply(conversation, "meanwhile");
	await reply(conversation, "and more");
	expect(await page.getByText("meanwhile", { exact: true }).count()).toBe(0);
	connection.mend();
	await page.getByText("and more", { exact: true }).waitFor({ timeout: 45_000 });
	await banner.waitFor({ state: "detached" });
	await reply(conversation, "after");
	await page.getByText("after", { exact: true }).waitFor();
	const said = await page.getByRole("log").locator(".words").allTextContents();
	expect(said.slice(1), "after the greeting").toEqual([
		"Is anybody there?",
		"before",
		"meanwhile",
		"and more",
		"after",
	]);
	expectComplaints(/WebSocket|ERR_FAILED/);
});

test("whoever is offline is told so, and is not told otherwise before somebody answers", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const context = await device();
	const page = await context.newPage();
	// The waits of the connection are short.
	await page.addInitScript(() => {
		Math.random = () => 0.1;
	});
	await page.goto(site.withWidget(id));
	const field = await open(page);
	const words = "You are offline. Messages will be sent when you are back.";
	await context.setOffline(true);
	const banner = page.getByRole("status").filter({ hasText: words });
	await banner.waitFor();
	await banner.evaluate((shown) => {
		const gone: boolean[] = [];
		Object.assign(window, { gone });
		const root = shown.getRootNode();
		new MutationObserver(() => shown.isConnected || gone.push(true)).observe(root, {
			childList: true,
			subtree: true,
		});
	});
	// Two sockets have failed by then, and calls take their place.
	await page.waitForEvent("requestfailed", (request) => request.url().endsWith("/Subscribe"));
	await field.fill("later");
	await field.press("Enter");
	await page.getByText("Sending", { exact: true }).waitFor();
	expect(await page.evaluate(() => (window as unknown as { gone: boolean[] }).gone)).toEqual([]);
	await context.setOffline(false);
	await banner.waitFor({ state: "detached" });
	await page.getByText("Delivered", { exact: true }).waitFor();
	expect(await page.evaluate(() => (window as unknown as { gone: boolean[] }).gone)).not.toEqual([]);
	expectComplaints(/ERR_INTERNET_DISCONNECTED|WebSocket/);
});

test("the page of a channel that cannot be loaded offline is there once the connection is", async () => {
	const context = await device();
	const page = await context.newPage();
	// The waits of the connection are short.
	await page.addInitScript(() => {
		Math.random = () => 0.1;
	});
	await page.goto(site.withWidget(await makeWidget({ origins: [site.origin] })));
	await open(page);
	await context.setOffline(true);
	await page.getByText("You are offline. Messages will be sent when you are back.").waitFor();
	await page.getByRole("button", { name: "Continue on another app" }).click();
	await page.getByRole("menuitem", { name: "WhatsApp" }).click();
	await page.getByText("This page could not be loaded.").waitFor();
	await context.setOffline(false);
	const way = page.getByRole("link", { name: "Open WhatsApp on this device" });
	await way.waitFor();

	// The page is there now; the code is what is missing.
	await page.getByRole("button", { name: "Back", exact: true }).click();
	await context.setOffline(true);
	await page.getByText("You are offline. Messages will be sent when you are back.").waitFor();
	await page.getByRole("button", { name: "Continue on another app" }).click();
	await page.getByRole("menuitem", { name: "WhatsApp" }).click();
	await page.getByText("The code could not be made.").waitFor();
	await context.setOffline(false);
	await way.waitFor();
	expectComplaints(/ERR_INTERNET_DISCONNECTED|WebSocket/);
});

test("somebody who types is seen, by name, until they have written", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (await device()).newPage();
	await page.goto(site.withWidget(id));
	await open(page);
	const conversationId = await write(page, id, "Hello");
	const agent = await kim();
	const typing = page.getByText("Kim is typing");
	expect(await typing.count()).toBe(0);
	const told = await agent.request.post(
		`${inject("origin")}/weiche.workspace.v1.WorkspaceService/SendTyping`,
		{
			data: { conversationId, on: true },
		},
	);
	expect(told.status()).toBe(200);
	await typing.waitFor();
	await reply(conversationId, "Here I am");
	await page.getByText("Here I am", { exact: true }).waitFor();
	await typing.waitFor({ state: "detached" });
});

test("outside the opening hours it says so, and when somebody is back", async () => {
	const tomorrow = (new Date().getUTCDay() + 1) % 7 || 7;
	const days = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];
	const weekday = `WEEKDAY_${days[tomorrow - 1]}` as never;
	const id = await makeWidget({
		origins: [site.origin],
		appearance: {
			away: { en: "We are asleep." },
			hours: { timeZone: "UTC", times: [{ weekday, fromMinute: 540, toMinute: 1020 }] },
		},
	});
	const page = await (await device()).newPage();
	await page.goto(site.withWidget(id));
	await open(page);
	await page.getByText("We are asleep.").waitFor();
	await page.getByText(/^Back /).waitFor();
});

test("the page is told when a channel is linked", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const page = await (await device()).newPage();
	await page.goto(site.withWidget(id));
	await page.evaluate(() => {
		document.querySelector("weiche-chat")?.addEventListener("linked", (event) => {
			document.title = (event as CustomEvent<{ channel: string }>).detail.channel;
		});
	});
	await open(page);
	await link(page, "Messenger", await makePerson());
	await expect.poll(() => page.title()).toBe("messenger");
});
