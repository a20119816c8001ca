/** Two admins change the same widget. */

import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import type { ListWidgetsResponseJson, WidgetSettingsJson } from "../src/gen/weiche/admin/v1/admin_pb.js";
import { deviceOf, makeAgent, openAdmin, type Person, service } from "./admin.js";
import { account, call, fresh, makeWidget } from "./api.js";
import { violations } from "./axe.js";
import { device, expectComplaints, useBrowser } from "./browser.js";

useBrowser();

let ada: Person;
let ben: Person;

beforeAll(async () => {
	ada = await makeAgent("ROLE_OWNER");
	ben = await makeAgent("ROLE_ADMIN");
});

async function widget(id: string): Promise<WidgetSettingsJson | undefined> {
	const all = await call<unknown, ListWidgetsResponseJson>(`${service}ListWidgets`, { accountId: account });
	return all.widgets?.find((one) => one.widgetId === id);
}

/** Two tabs at one widget, each of somebody else. */
async function openBoth(id: string): Promise<[first: Page, second: Page]> {
	const first = await openAdmin(await deviceOf(ada), `widgets/${id}`);
	const second = await openAdmin(await deviceOf(ben), `widgets/${id}`);
	for (const tab of [first, second]) await tab.getByLabel("Title").waitFor();
	return [first, second];
}

async function save(tab: Page): Promise<void> {
	await tab.getByRole("button", { name: "Save" }).click();
	await tab.getByRole("region", { name: "Unsaved changes" }).waitFor({ state: "detached" });
}

/** The next answer of the server that a save comes too late. */
function refused(tab: Page): Promise<unknown> {
	return tab.waitForResponse((answer) => answer.status() === 409);
}

/** What the second is told, once they have saved and were refused. */
async function contest(tab: Page) {
	await tab.getByRole("button", { name: "Save" }).click();
	const told = tab.getByRole("region", { name: `${ada.name} has changed this meanwhile` });
	await told.waitFor();
	expectComplaints(/409 \(Conflict\).*PutWidget/);
	return told;
}

test("who saves a widget that somebody else has changed meanwhile is told who, when and what, and keeps theirs", async () => {
	const id = await makeWidget();
	const [first, second] = await openBoth(id);
	await first.getByLabel("Title").fill("Ada's title");
	await first.getByLabel("Greeting in English").fill("Ada says hello");
	await second.getByLabel("Title").fill("Ben's title");
	await second.getByRole("switch", { name: "Messenger" }).uncheck();
	await save(first);

	const told = await contest(second);
	await told.getByText("Different now: Title, Greeting.").waitFor();
	await told.getByRole("heading", { name: /\((now|\d+ .+ ago)\)/ }).waitFor();
	expect(await told.getByRole("heading").evaluate((heading) => heading === document.activeElement)).toBe(
		true,
	);
	expect(await violations(second)).toEqual([]);
	// Nothing is lost, and nothing is saved.
	expect(await second.getByLabel("Title").inputValue()).toBe("Ben's title");
	expect((await widget(id))?.appearance?.title).toBe("Ada's title");
	await told.getByRole("button", { name: "Keep mine" }).click();
	await second.getByRole("region", { name: "Unsaved changes" }).waitFor({ state: "detached" });
	await expect.poll(async () => (await widget(id))?.appearance?.title).toBe("Ben's title");
	const saved = await widget(id);
	expect(saved?.appearance?.greeting).toEqual({ en: "Ada says hello" });
	expect(saved?.offers?.find((offer) => offer.channel === "messenger")?.offered ?? false).toBe(false);

	// The first goes on from what is so now, once they have seen it.
	await first.getByLabel("Title").fill("Ada again");
	await first.getByRole("button", { name: "Save" }).click();
	await first.getByRole("region", { name: `${ben.name} has changed this meanwhile` }).waitFor();
	expectComplaints(/409 \(Conflict\).*PutWidget/);
});

test("who takes what somebody else has made sees it, and goes on from there", async () => {
	const id = await makeWidget();
	const [first, second] = await openBoth(id);
	await first.getByLabel("Title").fill("Ada's title");
	await second.getByLabel("Title").fill("Ben's title");
	await second.getByLabel("Greeting in English").fill("Ben says hello");
	await save(first);
	const told = await contest(second);
	await told.getByRole("button", { name: "Take theirs" }).click();
	await second.getByRole("region", { name: "Unsaved changes" }).waitFor({ state: "detached" });
	expect(await second.getByLabel("Title").inputValue()).toBe("Ada's title");
	expect(await second.getByLabel("Greeting in English").inputValue()).toBe("");
	await second.getByLabel("Title").fill("Ben's after all");
	await save(second);
	await expect.poll(async () => (await widget(id))?.appearance?.title).toBe("Ben's after all");
});

test("who decides for theirs too late is asked again, and two who do the same are not asked", async () => {
	const id = await makeWidget();
	const [first, second] = await openBoth(id);
	await first.getByLabel("Title").fill("one");
	await second.getByLabel("Title").fill("mine");
	await save(first);
	const told = await contest(second);
	await first.getByLabel("Title").fill("two");
	await save(first);
	const again = refused(second);
	await told.getByRole("button", { name: "Keep mine" }).click();
	await again;
	await told.waitFor();
	expectComplaints(/409 \(Conflict\).*PutWidget/);
	expect((await widget(id))?.appearance?.title).toBe("two");
	await told.getByRole("button", { name: "Keep mine" }).click();
	await second.getByRole("region", { name: "Unsaved changes" }).waitFor({ state: "detached" });
	await expect.poll(async () => (await widget(id))?.appearance?.title).toBe("mine");

	const other = await openAdmin(await deviceOf(ada), `widgets/${id}`);
	await other.getByLabel("Title").fill("the same");
	await second.getByLabel("Title").fill("the same");
	await save(other);
	const same = refused(second);
	await save(second);
	await same;
	expectComplaints(/409 \(Conflict\).*PutWidget/);
});

test("what an administrator of the server and what one oneself has changed is told as that, in German too", async () => {
	const id = await makeWidget();
	const german = await device({ locale: "de-DE" });
	await german.addCookies(await (await deviceOf(ada)).cookies());
	const tab = await openAdmin(german, `widgets/${id}`);
	await tab.getByLabel("Titel").fill("Meiner");
	await makeWidget({ id, site: `${fresh("shop")}.example` });
	await tab.getByRole("button", { name: "Speichern" }).click();
	const told = tab.getByRole("region", {
		name: "Die Administration des Servers hat dies inzwischen geändert",
	});
	await told.getByText("Jetzt anders: Website.").waitFor();
	await told.getByRole("button", { name: "Andere Fassung nehmen" }).click();

	const elsewhere = await openAdmin(german, `widgets/${id}`);
	await elsewhere.getByLabel("Titel").fill("Woanders");
	await elsewhere.getByRole("button", { name: "Speichern" }).click();
	await elsewhere.getByText("Gespeichert.").waitFor();
	await tab.getByLabel("Titel").fill("Hier");
	await tab.getByRole("button", { name: "Speichern" }).click();
	await tab
		.getByRole("region", { name: "Sie haben dies inzwischen in einem anderen Fenster geändert" })
		.getByRole("button", { name: "Meine behalten" })
		.click();
	await tab.getByRole("region", { name: "Ungespeicherte Änderungen" }).waitFor({ state: "detached" });
	await expect.poll(async () => (await widget(id))?.appearance?.title).toBe("Hier");
	expectComplaints(/409 \(Conflict\).*PutWidget/);
});

test("of two who make the same widget the second is asked, and can keep either", async () => {
	for (const { keep, button } of [
		{ keep: "Ada's title", button: "Take theirs" },
		{ keep: "Ben's title", button: "Keep mine" },
	]) {
		const site = fresh("shop");
		const tabs: Page[] = [];
		for (const [who, title] of [
			[ada, "Ada's title"],
			[ben, "Ben's title"],
		] as const) {
			const tab = await openAdmin(await deviceOf(who), "widgets/new");
			await tab.getByLabel("Site", { exact: true }).fill(site);
			await tab.getByLabel("Title").fill(title);
			tabs.push(tab);
		}
		const [first, second] = tabs as [Page, Page];
		const create = (tab: Page) => tab.getByRole("button", { name: "Create widget" }).click();
		await create(first);
		await first.getByRole("heading", { level: 1, name: "Ada's title" }).waitFor();
		await create(second);
		const told = second.getByRole("region", { name: `${ada.name} has made this meanwhile` });
		await told.getByText("Different now: Title.").waitFor();
		expectComplaints(/409 \(Conflict\).*PutWidget/);
		expect(await second.getByLabel("Title").inputValue()).toBe("Ben's title");
		expect((await widget(site))?.appearance?.title).toBe("Ada's title");
		await told.getByRole("button", { name: button }).click();
		await second.getByRole("heading", { level: 1, name: keep }).waitFor();
		expect(new URL(second.url()).pathname).toBe(`/admin/widgets/${site}`);
		expect((await widget(site))?.appearance?.title).toBe(keep);
		await Promise.all(tabs.map((tab) => tab.close()));
	}
});

test("of two who make the same widget in the same way neither is asked", async () => {
	const site = fresh("shop");
	const tab = await openAdmin(await deviceOf(ben), "widgets/new");
	await tab.getByLabel("Site", { exact: true }).fill(site);
	const first = await openAdmin(await deviceOf(ada), "widgets/new");
	await first.getByLabel("Site", { exact: true }).fill(site);
	for (const each of [first, tab]) {
		await each.getByRole("button", { name: "Create widget" }).click();
		await each.getByRole("heading", { level: 1, name: site }).waitFor();
	}
	expectComplaints(/409 \(Conflict\).*PutWidget/);
});
