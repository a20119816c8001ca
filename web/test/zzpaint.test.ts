import { createRequire } from "node:module"; const require = createRequire(import.meta.url);
import { test, inject } from "vitest";
import { makeWidget } from "./api.js";
import { device, useBrowser } from "./browser.js";
import { useSite } from "./site.js";
useBrowser();
const site = useSite();
const variants: Record<string, string> = {
 base: "", noanim: ".panel{animation:none}", noradius: ".panel{border-radius:0}", visible: ".panel{overflow:visible}", will: ".log{will-change:transform}", noshadow: ".panel{box-shadow:none}", views: ".past{overflow:hidden}", iso: ".panel{isolation:isolate}", contain: ".log{contain:strict}",  nooutline: ".write:focus-within{outline:none}", hostz:":host{z-index:auto!important}",
};
test("paint", async () => {
	const id = await makeWidget({ origins: [site.origin] });
	for (const [name, css] of Object.entries(variants)) {
		const d = await device();
		const page = await d.newPage();
		await page.goto(site.withWidget(id));
		await page.getByRole("button", { name: /Open chat|Chat öffnen/ }).click();
		const field = page.getByRole("textbox");
		await field.waitFor();
		await page.evaluate((css) => { const s = new CSSStyleSheet(); s.replaceSync(css); const r = document.querySelector("weiche-chat")!.shadowRoot!; r.adoptedStyleSheets = [...r.adoptedStyleSheets, s]; }, css);
		let bad = 0;
		for (let i = 0; i < 14; i++) {
			await field.fill(`message number ${i} is here to be seen`);
			await field.press("Enter");
			await page.getByText(`number ${i} is`).waitFor();
			await page.getByText("Sent").waitFor();
			await page.waitForTimeout(60);
			if (i < 10) continue;
			const a = await page.screenshot({ clip: { x: 880, y: 80, width: 380, height: 460 } });
			await page.evaluate(() => { const r = document.querySelector("weiche-chat")!.shadowRoot!; const l = r.querySelector(".log") as HTMLElement; l.style.background = "red"; });
			await page.waitForTimeout(100);
			await page.screenshot();
			await page.evaluate(() => { const r = document.querySelector("weiche-chat")!.shadowRoot!; const l = r.querySelector(".log") as HTMLElement; l.style.background = ""; });
			await page.waitForTimeout(100);
			const b = await page.screenshot({ clip: { x: 880, y: 80, width: 380, height: 460 } });
			if (!a.equals(b)) bad++;
		}
		require("node:fs").appendFileSync("/tmp/widget/paint.txt", `${name} ${bad}\n`);
		await d.close();
	}
}, 120000);
