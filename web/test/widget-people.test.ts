import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { call, fresh } from "./api.js";
import { device, expectComplaints, useBrowser } from "./browser.js";
import { kim, openChat, reply, timeline } from "./chat.js";
import { useSite } from "./site.js";
import { jwt, logIn, logOut, makeKey } from "./visitor.js";

useBrowser();
const site = useSite();

async function say(tab: Page, text: string): Promise<void> {
	await tab.getByRole("textbox", { name: "Message" }).fill(text);
	await tab.keyboard.press("Enter");
	await tab.getByRole("log").getByText(text).waitFor();
	await tab.getByText("Delivered", { exact: true }).waitFor();
}

/** Opens the same page on another tab or device, with the chat open. */
async function another(tab: Page, address: string): Promise<Page> {
	const other = await tab.context().newPage();
	await other.goto(address);
	await other.getByRole("button", { name: /^Open chat/ }).click();
	return other;
}

test("login takes the conversation of the device along, and finds it on every device; logout forgets it", async () => {
	const { id, tab, address } = await openChat(site);
	const key = await makeKey(id);
	const person = fresh("person");
	await say(tab, "from before the login");
	await logIn(tab, jwt(key, person));
	await tab.getByRole("log").getByText("from before the login").waitFor();

	const elsewhere = await (await device()).newPage();
	await elsewhere.goto(address);
	await logIn(elsewhere, jwt(key, person));
	await elsewhere.getByRole("button", { name: /^Open chat/ }).click();
	await elsewhere.getByRole("log").getByText("from before the login").waitFor();
	await say(elsewhere, "from the other device");
	await tab.getByRole("log").getByText("from the other device").waitFor();

	await tab.getByRole("textbox", { name: "Message" }).fill("a draft of theirs");
	await logOut(tab);
	await tab.getByText("Hello! How can we help?").waitFor();
	expect(await tab.getByRole("log").getByText("from before the login").count()).toBe(0);
	expect(await tab.getByRole("textbox", { name: "Message" }).inputValue()).toBe("");
	expect((await timeline(tab, id)).conversationId ?? "").toBe("");
	// The other device is still signed in.
	await say(elsewhere, "still here");
});

test("a login that does not count changes nothing, and the page is told", async () => {
	const { id, tab } = await openChat(site);
	const key = await makeKey(id);
	await say(tab, "it is me");
	await expect(logIn(tab, `${jwt(key, "mallory")}x`)).rejects.toThrow();
	expectComplaints(/401/);
	await say(tab, "still me");
	expect((await timeline(tab, id)).lines).toHaveLength(2);
});

test("somebody else who logs in on the device finds nothing of the first", async () => {
	const { id, tab } = await openChat(site);
	const key = await makeKey(id);
	await logIn(tab, jwt(key, fresh("first")));
	await say(tab, "a secret of the first");
	await tab.getByRole("textbox", { name: "Message" }).fill("a draft of the first");
	await logIn(tab, jwt(key, fresh("second")));
	await tab.getByText("Hello! How can we help?").waitFor();
	expect(await tab.getByText("a secret of the first").count()).toBe(0);
	expect(await tab.getByRole("textbox", { name: "Message" }).inputValue()).toBe("");
});

test("a session that ends is opened again by the site's word", async () => {
	const { id, tab } = await openChat(site);
	const key = await makeKey(id);
	const person = fresh("person");
	await tab.exposeFunction("word", () => jwt(key, person, 4));
	await tab.evaluate(() =>
		(document.querySelector("weiche-chat") as unknown as { login(fn: unknown): Promise<void> }).login(() =>
			(window as unknown as { word(): Promise<string> }).word(),
		),
	);
	await say(tab, "before");
	const first = await tab.evaluate((name) => localStorage.getItem(name), `weiche:${id}`);
	const counts = () =>
		call("weiche.widget.v1.WidgetService/GetTimeline", {}, first ?? "").then(
			() => true,
			() => false,
		);
	await expect.poll(counts, { timeout: 15_000 }).toBe(false);
	await say(tab, "after");
	await tab.getByRole("log").getByText("before").waitFor();
	expectComplaints(/401/);
});

test("the tabs of a browser have one conversation, and follow a login and a logout", async () => {
	const { id, tab, address } = await openChat(site);
	const key = await makeKey(id);
	const other = await another(tab, address);
	await say(tab, "from the first tab");
	await other.getByRole("log").getByText("from the first tab").waitFor();
	await say(other, "from the second tab");
	await tab.getByRole("log").getByText("from the second tab").waitFor();
	expect((await timeline(tab, id)).lines).toHaveLength(2);

	await logIn(tab, jwt(key, fresh("person")));
	await say(other, "signed in there too");
	await tab.getByRole("log").getByText("signed in there too").waitFor();
	await logOut(tab);
	await expect.poll(() => other.getByText("from the first tab").count()).toBe(0);
	await other.getByText("Hello! How can we help?").waitFor();
});

test("a question with buttons is answered by pressing one, once", async () => {
	const { id, tab } = await openChat(site);
	await say(tab, "Which do you have?");
	const { conversationId } = await timeline(tab, id);
	await reply(await kim(), {
		conversationId,
		content: {
			parts: [
				{
					buttons: {
						body: "Which colour?",
						buttons: [
							{ title: "Blue", payload: "b" },
							{ title: "Red", payload: "r" },
						],
					},
				},
			],
		},
	});
	await tab.getByText("Which colour?", { exact: true }).waitFor();
	await tab.getByRole("button", { name: "Blue" }).dblclick();
	await tab.getByRole("log").getByText("Blue").waitFor();
	await expect.poll(() => tab.getByRole("button", { name: "Red" }).count()).toBe(0);
	await tab.getByText("Delivered", { exact: true }).waitFor();
	const { lines } = await timeline(tab, id);
	expect(lines?.slice(2).map((line) => line.content?.parts?.[0]?.answer?.payload)).toEqual(["b"]);
	await tab.reload();
	await tab.getByRole("button", { name: /^Open chat/ }).click();
	await tab.getByText("Which colour?", { exact: true }).waitFor();
	expect(await tab.getByRole("button", { name: "Red" }).count()).toBe(0);
});
