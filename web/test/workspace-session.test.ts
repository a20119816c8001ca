/** Coming into the workspace, going, coming back; what is not allowed; and what there is while nothing comes. */

import type { Page, Route } from "playwright-core";
import { expect, inject, test } from "vitest";
import { fresh, logIn } from "./api.js";
import { device, expectComplaints, useBrowser } from "./browser.js";
import { type Customer, customer, makeAgent } from "./team.js";

useBrowser();

const desktop = { viewport: { width: 1440, height: 900 } };
const password = "correct horse battery";

const rows = (page: Page) =>
	page.getByRole("region", { name: "Conversations" }).getByRole("list").getByRole("link");
const address = (label: string, of?: Customer) =>
	`${inject("origin")}/workspace/all${of ? `/${of.conversationId}` : ""}?label=${label}`;

async function logInBy(page: Page, login: string, word: string): Promise<void> {
	await page.getByLabel("Login", { exact: true }).fill(login);
	await page.getByLabel("Password", { exact: true }).fill(word);
	await page.getByRole("button", { name: "Log in" }).click();
}

test("who has no session logs in by name and password, and is where the address says", async () => {
	const label = fresh("login");
	const one = await customer("hello", label);
	const agent = await makeAgent("Ida", "ROLE_AGENT", password);
	const page = await (await device(desktop)).newPage();
	await page.goto(address(label));
	await page.getByRole("heading", { level: 1, name: "Log in to Weiche" }).waitFor();
	await logInBy(page, agent, "not the password");
	await page.getByRole("alert").filter({ hasText: "Login or password is wrong." }).waitFor();
	await logInBy(page, agent, password);
	await rows(page).filter({ hasText: one.name }).waitFor();
	expectComplaints(/401/);
	await page.getByRole("button", { name: /^Ida: account/ }).click();
	await page.getByRole("menuitem", { name: "Log out" }).click();
	await page.getByRole("heading", { level: 1, name: "Log in to Weiche" }).waitFor();
	expect(await page.getByText(one.name).count()).toBe(0);
	expectComplaints(/401/);
});

test("a session that ends asks to log in again on the same page, with the draft kept", async () => {
	const label = fresh("ended");
	const one = await customer("hello", label);
	const agent = await makeAgent("Jan", "ROLE_AGENT", password);
	const page = await (await device(desktop)).newPage();
	await page.goto(address(label, one));
	await logInBy(page, agent, password);
	await page.getByRole("navigation", { name: "Views" }).waitFor();
	const draft = page.getByRole("main").getByRole("textbox").first();
	await draft.fill("half an answer");

	// Elsewhere in the same browser.
	await page.request.post(`${inject("origin")}/weiche.workspace.v1.AccessService/LogOut`, { data: {} });
	// The page learns it by the next call, or before that from its connection.
	await page.evaluate(() => document.querySelector<HTMLElement>('a.view[href*="mine"]')?.click());
	await page.getByRole("heading", { name: "Your session has ended" }).waitFor();
	expect(await page.locator(".desk[inert]").count()).toBe(1);
	await logInBy(page, agent, password);
	await expect.poll(() => page.getByRole("heading", { name: "Your session has ended" }).count()).toBe(0);
	expect(await draft.inputValue()).toBe("half an answer");
	expect(page.url()).toContain(one.conversationId);
	// It lives: what is written now is told.
	await page.getByRole("link", { name: /^All/ }).click();
	await one.write("are you still there?");
	await rows(page).getByText("are you still there?").waitFor();
	expectComplaints(/401/);
});

test("another agent who comes in by another tab finds nothing of the first", async () => {
	const label = fresh("other");
	const one = await customer("hello", label);
	const first = await makeAgent("Lea", "ROLE_AGENT", password);
	const second = await makeAgent("Max", "ROLE_AGENT", password);
	const page = await (await device(desktop)).newPage();
	await page.goto(address(label, one));
	await logInBy(page, first, password);
	await page.getByRole("navigation", { name: "Views" }).waitFor();
	const draft = page.getByRole("main").getByRole("textbox").first();
	await draft.fill("what Lea thinks");
	const access = `${inject("origin")}/weiche.workspace.v1.AccessService`;
	await page.request.post(`${access}/LogOut`, { data: {} });
	// The page learns it by the next call, or before that from its connection.
	await page.evaluate(() => document.querySelector<HTMLElement>('a.view[href*="mine"]')?.click());
	await page.getByRole("heading", { name: "Your session has ended" }).waitFor();

	const answer = await page.request.post(`${access}/LogIn`, { data: { login: second, password } });
	expect(answer.ok()).toBe(true);
	await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
	await page.getByRole("button", { name: /^Max: account/ }).waitFor();
	await draft.waitFor();
	expect(await draft.inputValue()).toBe("");
	expect(await page.getByText("what Lea thinks").count()).toBe(0);
	expectComplaints(/401/);
});

test("an agent sees their sessions, ends another one, and changes the password", async () => {
	const agent = await makeAgent("Lea", "ROLE_AGENT", password);
	const here = await (await device(desktop)).newPage();
	const there = await (await device(desktop)).newPage();
	for (const page of [there, here]) {
		await page.goto(`${inject("origin")}/workspace/`);
		await logInBy(page, agent, password);
		await page.getByRole("navigation", { name: "Views" }).waitFor();
	}
	await here.getByRole("button", { name: /^Lea: account/ }).click();
	await here.getByRole("menuitem", { name: "My sessions" }).click();
	const sessions = here.getByRole("dialog", { name: "My sessions" });
	await expect.poll(() => sessions.getByRole("listitem").count()).toBe(2);
	await sessions.getByRole("button", { name: "Log out there" }).click();
	await expect.poll(() => sessions.getByRole("listitem").count()).toBe(1);
	// The page learns it by the next call, or before that from its connection.
	await there.evaluate(() => document.querySelector<HTMLElement>('a.view[href*="closed"]')?.click());
	await there.getByRole("heading", { name: "Your session has ended" }).waitFor();
	await here.keyboard.press("Escape");

	await here.getByRole("button", { name: /^Lea: account/ }).click();
	await here.getByRole("menuitem", { name: "Change password" }).click();
	const dialog = here.getByRole("dialog", { name: "Change password" });
	await dialog.getByLabel("New password").fill("short");
	await dialog.getByRole("button", { name: "Save" }).click();
	await dialog.getByRole("alert").filter({ hasText: "12 to 128" }).waitFor();
	await dialog.getByLabel("Password until now").fill(password);
	await dialog.getByLabel("New password").fill("staple horse battery");
	await dialog.getByRole("button", { name: "Save" }).click();
	await here.getByText("Your password is changed.").waitFor();
	expectComplaints(/401/);
});

test("who may only read is offered nothing else, and the server refuses as well", async () => {
	const label = fresh("auditor");
	const one = await customer("hello", label);
	const browser = await device(desktop);
	await logIn(browser, await makeAgent("Odo", "ROLE_AUDITOR"));
	const page = await browser.newPage();
	await page.goto(address(label));
	await rows(page).first().focus();
	for (const key of ["e", "a", "l"]) await page.keyboard.press(key);
	expect(await page.getByRole("dialog").count()).toBe(0);
	await page.keyboard.press("Enter");
	await page.keyboard.press("Control+k");
	await page.getByRole("option", { name: "Go to Mine" }).waitFor();
	expect(await page.getByRole("option", { name: /^(Close|Assign|Reply|Labels)/ }).count()).toBe(0);
	await page.keyboard.press("Escape");
	expect(await page.locator(".toast").count()).toBe(0);
	const refused = await browser.request.post(
		`${inject("origin")}/weiche.workspace.v1.WorkspaceService/CloseConversation`,
		{ data: { conversationId: one.conversationId, clientToken: fresh("t") } },
	);
	expect(refused.status()).toBe(403);

	// The control: an agent is offered all of it.
	const other = await device(desktop);
	await logIn(other, await makeAgent("Pia"));
	const agent = await other.newPage();
	await agent.goto(address(label, one));
	await agent.getByRole("main").getByRole("heading", { level: 2 }).waitFor();
	await agent.keyboard.press("Control+k");
	await expect
		.poll(() => agent.getByRole("option", { name: /^(Close|Assign|Reply|Labels)/ }).count())
		.toBe(5);
});

test("the list says that it loads after 300 ms, that it failed, and that it is empty", async () => {
	const browser = await device(desktop);
	await logIn(browser);
	const page = await browser.newPage();
	let answer: (route: Route) => Promise<void> = () => Promise.resolve();
	const asked: Route[] = [];
	await page.route("**/ListConversations", (route) => {
		asked.push(route);
		return answer(route);
	});
	await page.goto(address(fresh("nobody")));
	const loading = page.getByRole("status").filter({ hasText: "Loading" });
	await loading.waitFor({ state: "attached" });
	await page.screenshot({ path: "out/inbox-loading.png" });
	await expect.poll(() => asked.length).toBe(1);
	answer = (route) => route.fulfill({ status: 503, json: { code: "unavailable" } });
	await answer(asked.splice(0)[0] as Route);
	await page.getByRole("alert").filter({ hasText: "could not be loaded" }).waitFor();
	answer = (route) => route.continue();
	await page.getByRole("button", { name: "Try again" }).click();
	await page.getByText("Nothing fits these filters").waitFor();
	expectComplaints(/503/);
});

test("a lost connection is told after 2 s, that all may be old after 30, and nothing is missing afterwards", async () => {
	const label = fresh("offline");
	const one = await customer("hello", label);
	const browser = await device(desktop);
	await logIn(browser);
	const page = await browser.newPage();
	await page.clock.install();
	let away = false;
	const sockets: { close(): Promise<void> }[] = [];
	await page.routeWebSocket("**/v1/stream", (socket) => {
		if (away) return void socket.close({ code: 1013 });
		socket.connectToServer();
		sockets.push(socket);
	});
	await page.goto(address(label));
	await rows(page).filter({ hasText: one.name }).waitFor();
	// What comes live says that it is connected; it counts as that after a second.
	await one.write("are you connected?");
	await rows(page).getByText("are you connected?").waitFor();
	expect(sockets).toHaveLength(1);
	const line = page.locator(".connection");
	// From here on only as much time passes as the test says.
	await page.clock.pauseAt(Date.now() + 2000);
	away = true;
	await page.route("**/*StreamService/Subscribe", (route) => route.abort());
	for (const socket of sockets) await socket.close();
	await page.clock.runFor(1500);
	expect(await line.textContent()).toBe("");
	await expect
		.poll(async () => {
			await page.clock.runFor(500);
			return line.textContent();
		})
		.toContain("Connection lost. Reconnecting");
	await expect
		.poll(
			async () => {
				await page.clock.runFor(500);
				return line.textContent();
			},
			{ timeout: 20_000 },
		)
		.toMatch(/Not connected since .*\. What you see may be old\./);
	await one.write("while you were away");
	away = false;
	await page.unroute("**/*StreamService/Subscribe");
	await expect
		.poll(
			async () => {
				await page.clock.runFor(1000);
				return line.textContent();
			},
			{ timeout: 20_000 },
		)
		.toBe("");
	await expect
		.poll(async () => {
			await page.clock.runFor(100);
			return rows(page).getByText("while you were away").count();
		})
		.toBe(1);
	expectComplaints(/ERR_FAILED|WebSocket/);
});
