/** Channels are connected from nothing, break, are mended and go. */

import { randomInt } from "node:crypto";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { ListIntegrationsResponseJson } from "../src/gen/weiche/admin/v1/admin_pb.js";
import { deviceOf, makeAccount, makeAgent, openAdmin, type Person, service } from "./admin.js";
import { call, makePerson, provider } from "./api.js";
import { expectComplaints, useBrowser } from "./browser.js";

useBrowser();

/** An id as the provider has them. */
const digits = () => String(randomInt(1_000_000_000, 9_999_999_999));

interface Providers {
	apps: object[];
	numbers: object[];
	pages: object[];
	instagrams: object[];
}

let before: Providers;

beforeAll(async () => {
	before = await provider("GET", "/sim/config");
});

// Others have one account of each channel, which they call by its channel.
afterAll(async () => {
	const { apps, numbers, pages, instagrams } = before;
	await provider("PATCH", "/sim/config", { apps, numbers, pages, instagrams });
});

/** Adds an app with an account of a channel to the simulated providers. */
async function provide(kind: "numbers" | "pages" | "instagrams", more: object) {
	const app = { id: digits(), secret: `secret-${digits()}` };
	const one = { id: digits(), token: `token-${digits()}`, app: app.id, ...more };
	const { apps, [kind]: before } = await provider<Providers>("GET", "/sim/config");
	await provider("PATCH", "/sim/config", {
		apps: [...apps, { ...app, verify_token: "not known yet" }],
		[kind]: [...before, one],
	});
	return { app, one };
}

/** The ids of what an account has connected. */
async function connected(person: Person): Promise<string[]> {
	const answer = await call<unknown, ListIntegrationsResponseJson>(`${service}ListIntegrations`, {
		accountId: person.account,
	});
	return (answer.integrations ?? []).map((one) => one.integrationId ?? "");
}

test("on the first day nothing is connected, and each place says what to do", async () => {
	const owner = await makeAccount();
	const tab = await openAdmin(await deviceOf(owner), "");
	await tab.getByRole("heading", { level: 1, name: "Integrations" }).waitFor();
	await expect.poll(() => tab.getByText("Not configured").count()).toBe(3);
	await tab.getByRole("link", { name: "Widgets" }).click();
	await tab.getByText("You have no widget yet.").waitFor();
	await tab.getByRole("link", { name: "New widget" }).click();
	for (const channel of ["WhatsApp", "Messenger", "Instagram"])
		expect(await tab.getByRole("switch", { name: channel }).isDisabled()).toBe(true);
	expect(await tab.getByText("Not connected, so it cannot be offered.").count()).toBe(3);
	await tab.getByRole("link", { name: "Connect Messenger" }).click();
	await tab.getByRole("heading", { level: 1, name: "Connect a Messenger page" }).waitFor();
});

test("a WhatsApp number is connected once its credentials were taken, and its first webhook is seen", async () => {
	const owner = await makeAccount();
	const waba = digits();
	const phone = `1555${randomInt(1_000_000, 9_999_999)}`;
	const { app, one } = await provide("numbers", { waba, display: phone, name: "Green Shop" });
	const tab = await openAdmin(await deviceOf(owner), "integrations");
	await tab.getByRole("link", { name: "Connect a WhatsApp number" }).click();
	await tab.getByLabel("App ID").fill("not digits");
	await tab.getByRole("button", { name: "Continue" }).click();
	await tab.getByText("Digits only, please.").waitFor();
	await tab.getByLabel("App ID").fill(app.id);
	await tab.getByLabel("App secret").fill(app.secret);
	await tab.keyboard.press("Enter");

	await tab.getByLabel("Name", { exact: true }).fill("Green Shop");
	await tab.getByLabel("Phone number", { exact: true }).fill("12");
	await tab.getByLabel("Phone number ID").fill(one.id);
	await tab.getByLabel("WhatsApp Business account ID").fill(waba);
	await tab.getByLabel("Access token").fill("not the token");
	const check = tab.getByRole("button", { name: "Check with Meta" });
	await check.click();
	await tab.getByText("A phone number with country code").waitFor();
	await tab.getByLabel("Phone number", { exact: true }).fill(`+1 555 ${phone.slice(4)}`);
	await check.click();
	await tab
		.getByText("Meta does not accept the access token: it is wrong or has expired. (Meta's code 190)")
		.waitFor();
	await tab.getByLabel("Access token").and(tab.locator(":focus")).waitFor();
	await tab.getByLabel("Access token").fill(one.token);
	await tab.getByLabel("WhatsApp Business account ID").fill(digits());
	await check.click();
	await tab
		.getByText("This account does not belong to the business account or page that you named.")
		.waitFor();
	await tab.getByLabel("WhatsApp Business account ID").fill(waba);
	await check.click();
	await tab.getByText("Meta accepts these credentials. Nothing is connected yet.").waitFor();
	expectComplaints(/400 \(Bad Request\).*ConnectIntegration/);
	expect(await connected(owner)).toEqual([]);
	await tab.getByRole("button", { name: "Connect WhatsApp" }).click();

	const url = await tab.getByLabel("Callback URL").inputValue();
	const verify_token = await tab.getByLabel("Verify token").inputValue();
	await expect.poll(() => connected(owner)).toEqual(["whatsapp"]);
	await tab.getByText("Waiting for the first webhook.").waitFor();
	await provider("PUT", `/sim/apps/${app.id}/callback`, { url, verify_token });
	expect(await provider("POST", `/sim/apps/${app.id}/verify`)).toMatchObject({ ok: true });
	const ana = await makePerson();
	await provider("POST", `/sim/people/${ana}/send`, { integration: one.id, text: "Is it green?" });
	await tab.getByText("Meta has called: last webhook now.").waitFor();
	await tab.getByRole("link", { name: "Done" }).click();
	await tab.getByRole("heading", { level: 1, name: "Green Shop" }).waitFor();
	await tab.getByText("Ready").waitFor();

	await provider("POST", `/sim/integrations/${one.id}/token`, { expired: true });
	await tab.getByRole("button", { name: "Check now" }).click();
	await tab.getByText("Error 190").waitFor();
	await tab.getByText("Meta does not accept the access token").waitFor();
	await provider("POST", `/sim/integrations/${one.id}/token`, { token: "another token" });
	await tab.getByLabel("New access token").fill("another token");
	await tab.getByRole("button", { name: "Save", exact: true }).click();
	await tab.getByText("Checked with Meta and saved.").waitFor();
	await tab.getByText("Ready").waitFor();

	const elsewhere = await openAdmin(tab.context(), "integrations/whatsapp");
	await elsewhere.getByLabel("Name", { exact: true }).fill("Greener Shop");
	await elsewhere.getByRole("link", { name: "Widgets" }).click();
	await elsewhere.getByRole("dialog", { name: "Leave without saving?" }).getByText("Stay").click();
	const other = await openAdmin(
		await deviceOf(await makeAgent("ROLE_ADMIN", owner.account)),
		"integrations/whatsapp",
	);
	await other.getByLabel("WhatsApp Business account ID").fill("");
	await other.getByRole("button", { name: "Save", exact: true }).click();
	await other.getByText("Checked with Meta and saved.").waitFor();
	await elsewhere.getByRole("button", { name: "Save", exact: true }).click();
	const contest = elsewhere.getByRole("region", { name: "has changed this meanwhile" });
	await contest.getByText("Different now: WhatsApp Business account ID.").waitFor();
	await contest.getByRole("button", { name: "Keep mine" }).click();
	await elsewhere.getByText("Checked with Meta and saved.").waitFor();
	expectComplaints(/409 \(Conflict\).*ConnectIntegration/);
	expect(await elsewhere.getByLabel("WhatsApp Business account ID").inputValue()).toBe("");
	await elsewhere.close();
	await tab.reload();
	await tab.getByRole("heading", { level: 1, name: "Greener Shop" }).waitFor();

	await tab.getByText("App at Meta", { exact: true }).click();
	await tab.getByLabel("App ID").fill(app.id);
	await tab.getByLabel("App secret").fill(app.secret);
	await tab.getByRole("button", { name: "Save app" }).click();
	expect(await tab.getByLabel("Verify token").inputValue()).toBe(verify_token);

	await tab.getByRole("button", { name: "Remove" }).click();
	const question = tab.getByRole("dialog", { name: "Remove Greener Shop?" });
	await question.getByText("linked conversations go on in the web chat").waitFor();
	await question.getByRole("button", { name: "Cancel" }).click();
	expect(await connected(owner)).toEqual(["whatsapp"]);
	await tab.getByRole("button", { name: "Remove" }).click();
	await question.getByRole("button", { name: "Remove" }).click();
	await tab.getByRole("heading", { level: 1, name: "Integrations" }).waitFor();
	await expect.poll(() => tab.getByText("Not configured").count()).toBe(3);
	await expect.poll(() => connected(owner)).toEqual([]);
});

test("of two who connect a number at once each gets an id of its own", async () => {
	const owner = await makeAccount();
	const other = await makeAgent("ROLE_ADMIN", owner.account);
	const tabs = [];
	for (const person of [owner, other]) {
		const waba = digits();
		const phone = `1555${randomInt(1_000_000, 9_999_999)}`;
		const { app, one } = await provide("numbers", { waba, display: phone, name: "Green Shop" });
		const tab = await openAdmin(await deviceOf(person), "integrations");
		await tab.getByRole("link", { name: "Connect a WhatsApp number" }).click();
		await tab.getByLabel("App ID").fill(app.id);
		await tab.getByLabel("App secret").fill(app.secret);
		await tab.keyboard.press("Enter");
		await tab.getByLabel("Name", { exact: true }).fill(`Number of ${person.id}`);
		await tab.getByLabel("Phone number", { exact: true }).fill(`+${phone}`);
		await tab.getByLabel("Phone number ID").fill(one.id);
		await tab.getByLabel("WhatsApp Business account ID").fill(waba);
		await tab.getByLabel("Access token").fill(one.token);
		await tab.getByRole("button", { name: "Check with Meta" }).click();
		await tab.getByText("Meta accepts these credentials.").waitFor();
		tabs.push(tab);
	}
	for (const tab of tabs) {
		await tab.getByRole("button", { name: "Connect WhatsApp" }).click();
		await tab.getByText("Waiting for the first webhook.").waitFor();
	}
	expectComplaints(/409 \(Conflict\).*ConnectIntegration/);
	const { integrations = [] } = await call<unknown, ListIntegrationsResponseJson>(
		`${service}ListIntegrations`,
		{
			accountId: owner.account,
		},
	);
	expect(integrations.map(({ integrationId, name, appId }) => ({ integrationId, name, appId }))).toEqual([
		{ integrationId: "whatsapp", name: `Number of ${owner.id}`, appId: `${owner.account}-whatsapp` },
		{ integrationId: "whatsapp-2", name: `Number of ${other.id}`, appId: `${owner.account}-whatsapp-2` },
	]);
});

test("a Messenger page and an Instagram account are connected, and offered in a widget", async () => {
	const owner = await makeAccount();
	const page = await provide("pages", { name: `green.${digits()}` });
	const insta = await provide("instagrams", {
		username: `green.${digits()}`,
		page: page.one.id,
		token: page.one.token,
	});
	const tab = await openAdmin(await deviceOf(owner), "integrations");
	for (const { thing, app, one, address, label, id } of [
		{ thing: "a Messenger page", ...page, address: "m.me/green.shop", label: "Page name", id: "Page ID" },
		{
			thing: "an Instagram account",
			...insta,
			address: "@green.shop",
			label: "User name",
			id: "Instagram account ID",
		},
	]) {
		await tab.getByRole("link", { name: `Connect ${thing}` }).click();
		await tab.getByLabel("App ID").fill(app.id);
		await tab.getByLabel("App secret").fill(app.secret);
		await tab.getByRole("button", { name: "Continue" }).click();
		await tab.getByLabel("Name", { exact: true }).fill("Green Shop");
		await tab.getByLabel(label).fill(address);
		await tab.getByLabel(id, { exact: true }).fill(one.id);
		if (thing.includes("Instagram")) await tab.getByLabel("Facebook page ID").fill(page.one.id);
		await tab.getByLabel("Access token").fill(one.token);
		await tab.getByRole("button", { name: "Check with Meta" }).click();
		await tab.getByText("Meta accepts these credentials.").waitFor();
		await tab.getByRole("button", { name: /^Connect / }).click();
		await tab.getByText("messaging_postbacks").waitFor();
		await tab.getByRole("link", { name: "Done" }).click();
		await tab.getByText("Ready").waitFor();
		await tab.getByRole("link", { name: "Back to Integrations" }).click();
	}
	await expect.poll(() => connected(owner)).toEqual(["instagram", "messenger"]);
	await tab.goto(`${inject("origin")}/admin/widgets/new`);
	await tab.getByLabel("Site", { exact: true }).fill("green.example");
	await tab.getByRole("switch", { name: "Messenger" }).check();
	await tab.getByText("Messenger appears in the menu.").waitFor();
	expect(await tab.getByRole("switch", { name: "Instagram" }).isEnabled()).toBe(true);
	expect(await tab.getByRole("switch", { name: "WhatsApp" }).isDisabled()).toBe(true);
	await tab.getByRole("button", { name: "Create widget" }).click();
	await tab.getByRole("heading", { level: 1, name: "green.example" }).waitFor();
});
