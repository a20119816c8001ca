/** The demo for somebody who reads nothing: the whole story by pressing what has a ring. */

import type { Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import { makePerson } from "./api.js";
import { device, useBrowser } from "./browser.js";

useBrowser();

/** More presses than the story takes. */
const enough = 60;

/** What a visitor types, whoever they are at the moment. */
const text = "Something that people say";

/** Whether the visitor is at an empty field, in whichever part. */
function atEmptyField(): boolean {
	let at: Element | null = document.activeElement;
	for (;;) {
		const within: Element | null =
			(at instanceof HTMLIFrameElement ? at.contentDocument?.activeElement : at?.shadowRoot?.activeElement) ??
			null;
		if (!within) break;
		at = within;
	}
	return at?.localName === "textarea" && (at as HTMLTextAreaElement).value === "";
}

/** What there is to press: the middle of the ring, or else the tab that is next. */
async function pressed(page: Page): Promise<{ x: number; y: number } | undefined> {
	const tab = page.locator(".demo-tabs [data-next]:not([aria-current])");
	for (const one of [tab, page.locator(".beacon")]) {
		const box = await one.boundingBox({ timeout: 100 }).catch(() => null);
		if (box) return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
	}
	return undefined;
}

for (const [name, width, height] of [
	["side by side", 1280, 720],
	["one part at a time", 390, 844],
	["zoomed to 200 %", 640, 400],
] as const) {
	test(`the whole story is what has a ring, ${name}`, { timeout: 180_000 }, async () => {
		const page = await (await device({ viewport: { width, height } })).newPage();
		// A code takes its time to come: until then nothing has a ring, least of all the way back.
		let asked = 0;
		await page.route("**/RequestLink", async (route) => {
			asked++;
			const answer = await route.fetch();
			await new Promise((late) => setTimeout(late, 700));
			await route.fulfill({ response: answer });
		});
		await page.goto(`${inject("origin")}/demo?phone=${await makePerson()}`);
		const status = page.locator(".demo > [role=status]");
		const over = () => status.innerText().then((said) => said.includes("That was the story"));
		const said: string[] = [];
		while (said.length < enough && !(await over())) {
			const hint = await status.innerText();
			const at = await pressed(page);
			if (at) {
				await page.mouse.click(at.x, at.y);
				said.push(hint);
				// A ring goes, or moves on, once it was pressed.
				await expect
					.poll(async () => JSON.stringify(await pressed(page)) !== JSON.stringify(at) || (await over()), {
						message: said.join("\n"),
					})
					.toBe(true);
			} else if (await page.evaluate(atEmptyField)) {
				await page.keyboard.type(text);
				await expect.poll(() => page.evaluate(atEmptyField)).toBe(false);
			}
		}
		expect(await over(), said.join("\n")).toBe(true);
		expect(asked, "codes, one for each app").toBe(2);
	});
}
