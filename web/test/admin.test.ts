/** The admin center, as an admin uses it. */

import type { Page } from "playwright-core";
import { beforeAll, expect, inject, test } from "vitest";
import type { ListWidgetsResponseJson, WidgetSettingsJson } from "../src/gen/weiche/admin/v1/admin_pb.js";
import { deviceOf, makeAgent, openAdmin, type Person, service } from "./admin.js";
import { account, call, fresh, makeWidget } from "./api.js";
import { device, expectComplaints, useBrowser } from "./browser.js";

useBrowser();

let owner: Person;

beforeAll(async () => {
	owner = await makeAgent("ROLE_OWNER");
});

/** A tab of somebody's at a place of the admin center. */
async function open(path: string, person = owner): Promise<Page> {
	return openAdmin(await deviceOf(person), path);
}

async function widget(id: string): Promise<WidgetSettingsJson | undefined> {
	const all = await call<unknown, ListWidgetsResponseJson>(`${service}ListWidgets`, { accountId: account });
	return all.widgets?.find((one) => one.widgetId === id);
}

test("who is not in logs in by a password, and is where they wanted to be", async () => {
	const password = "a long way to say blue";
	const agent = await makeAgent("ROLE_ADMIN");
	await call(`${service}SetPassword`, {
		accountId: account,
		agentId: agent.id,
		password,
		clientToken: fresh("t"),
	});
	const tab = await openAdmin(await device(), "agents");
	await tab.getByLabel("Login", { exact: true }).fill(agent.login);
	await tab.getByLabel("Password").fill("something else entirely");
	await tab.keyboard.press("Enter");
	await tab.getByRole("alert").filter({ hasText: "Login or password is wrong." }).waitFor();
	await tab.getByLabel("Password").fill(password);
	await tab.keyboard.press("Enter");
	await tab.getByRole("heading", { level: 1, name: "Agents" }).waitFor();
	expect(new URL(tab.url()).pathname).toBe("/admin/agents");
	expectComplaints(/401 \(Unauthorized\)/);
});

test("who has been logged out meanwhile comes back to the same page with what was typed", async () => {
	const password = "a long way to say blue";
	const agent = await makeAgent("ROLE_ADMIN");
	await call(`${service}SetPassword`, {
		accountId: account,
		agentId: agent.id,
		password,
		clientToken: fresh("t"),
	});
	const id = await makeWidget();
	const tab = await open(`widgets/${id}`, agent);
	await tab.getByLabel("Title").fill("Typed before");
	await tab.request.post(`${inject("origin")}/weiche.workspace.v1.AccessService/LogOut`, { data: {} });
	await tab.getByRole("button", { name: "Save" }).click();
	await tab.getByRole("heading", { name: "Your session has ended" }).waitFor();
	await tab.getByLabel("Login", { exact: true }).fill(agent.login);
	await tab.getByLabel("Password").fill(password);
	await tab.keyboard.press("Enter");
	await tab.getByLabel("Password").waitFor({ state: "detached" });
	expect(await tab.getByLabel("Title").inputValue()).toBe("Typed before");
	await tab.getByRole("button", { name: "Save" }).click();
	await tab.getByRole("region", { name: "Unsaved changes" }).waitFor({ state: "detached" });
	await expect.poll(async () => (await widget(id))?.appearance?.title).toBe("Typed before");
	expectComplaints(/401 \(Unauthorized\)/);
});

test("another admin who comes in by another tab finds nothing of the first", async () => {
	const id = await makeWidget();
	const tab = await open(`widgets/${id}`);
	await tab.getByLabel("Title").fill("What the first thinks");
	await tab.context().clearCookies();
	await tab.getByRole("button", { name: "Save" }).click();
	await tab.getByRole("heading", { name: "Your session has ended" }).waitFor();
	const second = await makeAgent("ROLE_ADMIN");
	await tab.context().addCookies(await (await deviceOf(second)).cookies());
	await tab.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
	await tab.getByRole("heading", { name: "Your session has ended" }).waitFor({ state: "detached" });
	await tab.getByRole("heading", { level: 1, name: "blue-shop.example" }).waitFor();
	expect(await tab.getByLabel("Title").inputValue()).toBe("");
	expectComplaints(/401 \(Unauthorized\)/);
	await tab.getByRole("link", { name: "Agents" }).click();
	await tab.getByRole("link", { name: `${second.name} You` }).waitFor();
	await tab.getByRole("button", { name: "Log out" }).click();
	await tab.getByRole("heading", { level: 1, name: "Log in to Weiche" }).waitFor();
	expectComplaints(/401 \(Unauthorized\)/);
});

test("who is no admin is told so, with a way back", async () => {
	const agent = await makeAgent("ROLE_AGENT");
	const tab = await open("widgets", agent);
	await tab.getByRole("heading", { name: "This page is for admins" }).waitFor();
	expect(await tab.getByText(agent.name).count()).toBe(1);
	expect(await tab.getByRole("link", { name: "Back to the workspace" }).getAttribute("href")).toBe(
		"/workspace/",
	);
});

test("an auditor reads all of it, and nothing offers a change", async () => {
	const agent = await makeAgent("ROLE_AUDITOR");
	const id = await makeWidget();
	const tab = await open(`widgets/${id}`, agent);
	await tab.getByText("You can look at this, but not change it.").waitFor();
	expect(await tab.getByLabel("Site", { exact: true }).isDisabled()).toBe(true);
	await tab.getByRole("link", { name: "API keys" }).click();
	await tab.getByRole("heading", { level: 1, name: "API keys" }).waitFor();
	expect(await tab.getByRole("button", { name: "Create key" }).count()).toBe(0);
	await tab.getByRole("link", { name: "Audit" }).click();
	await tab.getByText("Agent added or changed").first().waitFor();
});

test("a widget is made, embedded and changed, and the preview shows it before it is saved", async () => {
	const site = `${fresh("shop")}.example`;
	const tab = await open("widgets/new");
	await tab.getByRole("button", { name: "Create widget" }).click();
	await tab.getByText("This is needed.").waitFor();
	await tab.getByLabel("Site", { exact: true }).and(tab.locator(":focus")).waitFor();
	await tab.getByLabel("Site", { exact: true }).fill(site);
	await tab.getByLabel("Greeting in English").fill("Ahoy!");
	const chat = tab.getByRole("figure", { name: "Preview of the chat" });
	await chat.getByText("Ahoy!").waitFor();
	await chat.getByText(site).waitFor();
	// The whole chat is seen, and the visitor's words have the colour.
	const frame = await chat.boundingBox();
	const composer = await chat.locator("textarea").boundingBox();
	expect((composer?.y ?? 1e6) + (composer?.height ?? 0)).toBeLessThan((frame?.y ?? 0) + (frame?.height ?? 0));
	const bubble = chat.locator(".own .bubble");
	expect(await bubble.evaluate((own) => getComputedStyle(own).backgroundColor)).toBe("rgb(11, 87, 208)");
	await tab.getByRole("switch", { name: "WhatsApp" }).check();
	await tab.getByLabel("Origins").fill("https://shop.example/");
	await tab.getByRole("button", { name: "Create widget" }).click();
	await tab.getByText("https://shop.example/ is not exact. It has to be https://shop.example.").waitFor();
	await tab.getByLabel("Origins").fill("https://shop.example");
	await tab.getByRole("button", { name: "Create widget" }).click();
	await tab.getByRole("heading", { level: 1, name: site }).waitFor();
	const id = decodeURIComponent(new URL(tab.url()).pathname.split("/")[3] ?? "");
	await tab.getByRole("link", { name: "Embed code" }).click();
	await expect
		.poll(() =>
			tab
				.getByLabel("Code for your pages")
				.evaluate((field) => field.getBoundingClientRect().top < innerHeight),
		)
		.toBe(true);
	const code = await tab.getByLabel("Code for your pages").inputValue();
	expect(code).toBe(
		`<script async src="${inject("origin")}/loader.js"></script>\n<weiche-chat widget="${id}"></weiche-chat>`,
	);
	await expect
		.poll(() => widget(id))
		.toMatchObject({
			site,
			origins: ["https://shop.example"],
			appearance: { greeting: { en: "Ahoy!" } },
		});
	const before = (await widget(id))?.offers?.filter((offer) => offer.offered).map((offer) => offer.channel);
	expect(before).toEqual(["whatsapp"]);
});

test("the preview asks the server for nothing", async () => {
	const id = await makeWidget();
	const tab = await open(`widgets/${id}`);
	const asked: string[] = [];
	tab.on("request", (request) => asked.push(new URL(request.url()).pathname));
	await tab.reload();
	const chat = tab.getByRole("figure", { name: "Preview of the chat" });
	await chat.getByText("Hello, do you have this in blue?").waitFor();
	await tab.getByLabel("Title").fill("Another title");
	await chat.getByText("Another title").waitFor();
	// The control: what the page itself asks for is seen.
	expect(asked.some((path) => path.endsWith("/ListWidgets"))).toBe(true);
	expect(asked.filter((path) => path.includes("widget.v1") || path.includes("/v1/stream"))).toEqual([]);
});

test("changes that are not saved are kept in view, and nobody loses them unasked", async () => {
	const id = await makeWidget({ site: `${fresh("shop")}.example` });
	const tab = await open("widgets");
	await tab.locator(`a[href$="/${id}"]`).click();
	await tab.getByLabel("Title").waitFor();
	expect(await tab.getByRole("button", { name: "Save" }).count()).toBe(0);
	await tab.getByLabel("Title").fill("Blue and more");
	const bar = tab.getByRole("region", { name: "Unsaved changes" });
	await bar.waitFor();
	await tab.getByRole("link", { name: "Agents" }).click();
	const question = tab.getByRole("dialog", { name: "Leave without saving?" });
	await question.getByRole("button", { name: "Stay" }).click();
	expect(await tab.getByLabel("Title").inputValue()).toBe("Blue and more");
	await bar.getByRole("button", { name: "Discard" }).click();
	await bar.waitFor({ state: "detached" });
	await tab.getByLabel("Title").fill("Blue and less");
	await tab.goBack();
	await question.getByRole("button", { name: "Stay" }).click();
	expect(await tab.getByLabel("Title").inputValue()).toBe("Blue and less");
	await bar.getByRole("button", { name: "Save" }).click();
	await bar.waitFor({ state: "detached" });
	await expect.poll(async () => (await widget(id))?.appearance?.title).toBe("Blue and less");
	await tab.getByLabel("Title").fill("Blue and gone");
	await tab.getByRole("button", { name: "Log out" }).click();
	await question.getByRole("button", { name: "Stay" }).click();
	await tab.getByRole("link", { name: "Agents" }).click();
	await question.getByRole("button", { name: "Leave" }).click();
	await tab.getByRole("heading", { level: 1, name: "Agents" }).waitFor();
	expect((await widget(id))?.appearance?.title).toBe("Blue and less");
});

test("opening hours are typed by day, and a time that ends before it begins is refused", async () => {
	const id = await makeWidget();
	const tab = await open(`widgets/${id}`);
	await tab.getByLabel("Somebody is always there").uncheck();
	await tab.getByLabel("Monday, until").fill("08:00");
	await tab.getByRole("button", { name: "Save" }).click();
	await tab.getByText("Each time has to begin before it ends.").waitFor();
	await tab.getByLabel("Monday, until").fill("12:30");
	await tab.getByRole("button", { name: "Add a time on Monday" }).click();
	await tab.getByLabel("Out-of-hours text in English").fill("Back tomorrow.");
	await tab.getByLabel("Out of hours", { exact: true }).check();
	await tab.getByRole("figure", { name: "Preview of the chat" }).getByText("Back tomorrow.").waitFor();
	await tab.getByRole("button", { name: "Save" }).click();
	await tab.getByRole("region", { name: "Unsaved changes" }).waitFor({ state: "detached" });
	await expect.poll(async () => (await widget(id))?.appearance?.hours?.timeZone).toBe("Europe/Berlin");
	const look = (await widget(id))?.appearance;
	expect(look?.hours?.times?.filter((time) => time.weekday === "WEEKDAY_MONDAY")).toEqual([
		{ weekday: "WEEKDAY_MONDAY", fromMinute: 540, toMinute: 750 },
		{ weekday: "WEEKDAY_MONDAY", fromMinute: 810, toMinute: 870 },
	]);
	expect(look?.away).toEqual({ en: "Back tomorrow." });
});

test("an agent is added, gets a login link that works once, and is removed", async () => {
	const tab = await open("agents");
	const name = `Ben ${fresh("b")}`;
	await tab.getByRole("button", { name: "Add agent" }).click();
	const adding = tab.getByRole("dialog", { name: "Add agent" });
	await adding.getByRole("button", { name: "Add agent" }).click();
	await adding.getByText("A name is needed.").waitFor();
	await adding.getByLabel("Name").fill(name);
	await adding.getByLabel("Login").fill(owner.login);
	await adding.getByRole("button", { name: "Add agent" }).click();
	await adding.getByText("Somebody has this login already.").waitFor();
	await adding.getByLabel("Login").fill(`${fresh("ben")}@blue-shop.example`);
	await adding.getByRole("button", { name: "Add agent" }).click();
	const told = tab.getByRole("dialog", { name: `Login link for ${name}` });
	const link = await told.getByLabel("Login link").inputValue();
	await told.getByRole("button", { name: "Close" }).click();

	const elsewhere = await device();
	expect((await elsewhere.request.post(link, { maxRedirects: 0 })).status()).toBe(303);
	expect((await elsewhere.request.post(link, { maxRedirects: 0 })).status()).not.toBe(303);

	await tab.getByRole("link", { name }).click();
	await tab.getByText("Logged in now").waitFor();
	await tab.getByRole("button", { name: "End session" }).click();
	await tab.getByText("Not logged in anywhere.").waitFor();
	await tab.getByLabel("Name", { exact: true }).fill("Somebody else");
	await tab.getByRole("link", { name: "Widgets" }).click();
	await tab.getByRole("dialog", { name: "Leave without saving?" }).getByText("Stay").click();
	await tab.getByLabel("Name", { exact: true }).fill(`${name} `);
	await tab.getByRole("button", { name: "Save" }).click();
	await tab.getByText("Saved.", { exact: true }).waitFor();
	await tab.getByRole("button", { name: "Set password" }).click();
	const setting = tab.getByRole("dialog", { name: `Set a password for ${name}` });
	await setting.getByLabel("New password").fill("short");
	await setting.getByRole("button", { name: "Set password" }).click();
	await setting.getByText("12 to 128 characters, please.").waitFor();
	await setting.getByLabel("New password").fill("longer than twelve");
	await setting.getByRole("button", { name: "Set password" }).click();
	await tab.getByText("Password set").waitFor();
	await tab.getByRole("button", { name: "Remove", exact: true }).click();
	await tab
		.getByRole("dialog", { name: `Remove ${name}?` })
		.getByRole("button", { name: "Remove" })
		.click();
	await tab.getByRole("heading", { level: 1, name: "Agents" }).waitFor();
	await tab.getByRole("link", { name: owner.name }).waitFor();
	await expect.poll(() => tab.getByRole("link", { name }).count()).toBe(0);
});

test("a key is told once, works as far as its scopes go, and is refused once it is revoked", async () => {
	const tab = await open("keys");
	const name = fresh("till");
	await tab.getByRole("button", { name: "Create key" }).click();
	const making = tab.getByRole("dialog", { name: "Create an API key" });
	await making.getByLabel("Name").fill(name);
	await making.getByRole("button", { name: "Create key" }).click();
	await making.getByText("Choose at least one.").waitFor();
	await making.getByLabel("Set-up").check();
	await making.getByText("What it may do").click();
	for (const scope of [
		"See integrations and widgets setup:read",
		"Change integrations and widgets setup:write",
	])
		expect(await making.getByLabel(scope).isChecked()).toBe(true);
	await making.getByLabel("setup:write").uncheck();
	expect(await making.getByLabel("My own choice").isChecked()).toBe(true);
	await making.getByRole("button", { name: "Create key" }).click();
	const told = tab.getByRole("dialog", { name: `Key for ${name}` });
	const key = await told.getByLabel("API key").inputValue();
	await told.getByRole("button", { name: "I have copied it" }).click();
	expect(await tab.content()).not.toContain(key);
	await tab.getByRole("listitem").filter({ hasText: name }).getByText(`by ${owner.name}`).waitFor();
	const widgets = () => call(`${service}ListWidgets`, {}, key);
	await widgets();
	await expect(call(`${service}ListAgents`, {}, key)).rejects.toThrow("403");
	await tab.getByRole("button", { name: `Revoke ${name}` }).click();
	await tab
		.getByRole("dialog", { name: `Revoke ${name}?` })
		.getByRole("button", { name: "Revoke" })
		.click();
	await tab.getByRole("button", { name: `Revoke ${name}` }).waitFor({ state: "detached" });
	await expect(widgets()).rejects.toThrow("401");

	await tab.getByRole("link", { name: "Audit" }).click();
	const revoked = tab.getByRole("row").filter({ hasText: name }).filter({ hasText: "API key revoked" });
	await revoked.getByRole("cell", { name: owner.name }).waitFor();
	const added = tab.getByRole("row").filter({ hasText: owner.name }).filter({ hasText: "Agent added" });
	await added.getByText("The server's administrator").waitFor();
});
