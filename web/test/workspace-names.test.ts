/** What customers are called in the workspace, where the channel's messages do not say it. */

import { expect, inject, test } from "vitest";
import { fresh, logIn, provider } from "./api.js";
import { device, useBrowser } from "./browser.js";

useBrowser();

test("customers of Messenger and Instagram are called by their profiles, while one looks at them", async () => {
	const context = await device({ viewport: { width: 1440, height: 900 } });
	await logIn(context);
	const page = await context.newPage();
	await page.goto(`${inject("origin")}/workspace/all`);
	const rows = page.getByRole("region", { name: "Conversations" }).getByRole("list").getByRole("link");
	await rows.first().waitFor();

	const writes = async (integration: string, more: object = {}) => {
		const name = fresh("Mara");
		const text = fresh("hello");
		await provider("POST", "/sim/people", { name, ...more });
		await provider("POST", `/sim/people/${name}/send`, { integration, text });
		return { name, row: rows.filter({ hasText: text }) };
	};
	for (const integration of ["300001", "400001"]) {
		const one = await writes(integration);
		await one.row.filter({ hasText: one.name }).click();
		await page.getByRole("heading", { name: one.name }).first().waitFor();
		await page.getByRole("log").getByText(one.name).first().waitFor();
		await page.getByRole("complementary").getByText(one.name).first().waitFor();
		await page.reload();
		await one.row.filter({ hasText: one.name }).waitFor();
	}

	// The name is the provider's to tell: of somebody who keeps it there is none.
	const quiet = await writes("300001", { no_profile: true });
	await quiet.row.click();
	await page.getByRole("textbox", { name: "Reply via Messenger" }).waitFor();
	const { calls } = await provider<{ calls: { method: string; path: string; status: number }[] }>(
		"GET",
		"/sim/calls",
	);
	expect(
		calls.filter((call) => call.method === "GET").length,
		"profiles that were asked for",
	).toBeGreaterThan(2);
	expect(await page.getByText(quiet.name).count()).toBe(0);
});
