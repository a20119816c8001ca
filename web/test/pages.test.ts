import { expect, inject, test } from "vitest";
import { logIn } from "./api.js";
import { device, useBrowser } from "./browser.js";

useBrowser();

for (const page of ["workspace", "admin"]) {
	test(`the ${page} opens without a complaint`, async () => {
		const browser = await device();
		await logIn(browser);
		const tab = await browser.newPage();
		await tab.goto(`${inject("origin")}/${page}/`);
		await tab.getByRole("heading", { level: 1 }).waitFor();
		expect(await tab.title()).toContain("Weiche");
	});
}
