import jsqr from "jsqr";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { makePerson, makeWidget, provider } from "./api.js";
import { device, useBrowser } from "./browser.js";
import { useSite } from "./site.js";

useBrowser();
const site = useSite();

test("look", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	const tab = await (await device()).newPage();
	await tab.goto(site.withWidget(id));
	await tab.getByRole("button", { name: "Open chat" }).click();
	await tab.getByRole("button", { name: "Continue on another app" }).click();
	await tab.screenshot({ path: "/tmp/channels/menu.png" });
	await tab.getByRole("menuitem", { name: "WhatsApp" }).click();
	await tab.getByRole("img", { name: "QR code" }).waitFor();
	await tab.screenshot({ path: "/tmp/channels/qr.png" });
	const url = await tab.getByRole("link", { name: "Open WhatsApp on this device" }).getAttribute("href");
	const ana = await makePerson();
	await provider("POST", `/sim/people/${ana}/open`, { url, send: true });
	await tab.getByText("Now confirm in WhatsApp.").waitFor();
	await tab.screenshot({ path: "/tmp/channels/matched.png" });
	console.log(JSON.stringify(await provider("GET", `/sim/people/${ana}/threads?integration=whatsapp&min=2&timeout=5s`)));
});
