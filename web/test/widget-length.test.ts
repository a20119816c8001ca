import { expect, test } from "vitest";
import { device, useBrowser } from "./browser.js";
import { clipped } from "./clipped.js";
import { useGallery } from "./gallery.js";

useBrowser();
const gallery = useGallery();

/** The surfaces that the widget has. */
const ours = /^(widget|channels)\//;

for (const [window, width] of [
	["beside a page, 380 pixels wide", undefined],
	["that fills a window of 320 pixels", 320],
] as const) {
	// All states are drawn, one after the other.
	test(`no text is cut where words are longer by two fifths, in a panel ${window}`, {
		timeout: 300_000,
	}, async () => {
		let looked = 0;
		const found = await gallery.each(
			async (tab, state) => {
				await gallery.draw(tab, { ...state, width: width ?? 800, height: 700 }, "longer");
				looked++;
				return (await clipped(tab)).map((one) => `${state.name}: ${one}`);
			},
			{ of: ours },
		);
		expect(found).toEqual([]);
		expect(looked).toBeGreaterThan(30);
	});
}

test("what is said keeps its order on a page from right to left", async () => {
	const tab = await (await device()).newPage();
	/** Whether the last sign of a text stands to the right of its first. */
	const looks = async (name: string, selector: string) => {
		await gallery.draw(tab, { name, width: 800, height: 700, shows: "body *" }, "dir=rtl");
		const [shown] = await tab.locator(selector).all();
		return shown?.evaluate((element) => {
			const text = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode() as Text;
			const at = (offset: number) => {
				const range = document.createRange();
				range.setStart(text, offset);
				range.setEnd(text, offset + 1);
				return range.getBoundingClientRect();
			};
			return at(text.length - 1).left > at(0).left;
		});
	};
	expect(await looks("channels/a code waits", ".outcome span")).toBe(true);
	expect(await looks("channels/files to send", ".refused p")).toBe(true);
	expect(await looks("channels/files to send", ".chosen .what span")).toBe(true);
	expect(await looks("widget/replies go to WhatsApp", ".route")).toBe(true);
	// The chat itself goes from right to left all the same.
	const close = await tab.getByRole("button", { name: "Close", exact: true }).boundingBox();
	const title = await tab.getByRole("heading", { name: "Blue Shop" }).last().boundingBox();
	expect(close?.x).toBeLessThan(title?.x ?? 0);
});

test("the words of the gallery are longer, and cut text is found", async () => {
	const tab = await (await device()).newPage();
	const state = { name: "channels/the menu", width: 800, height: 700, shows: "body *" };
	await gallery.draw(tab, state, "longer");
	await tab.getByText("Continuecont ono anotherano appap").first().waitFor();
	expect(await clipped(tab)).toEqual([]);
	await tab.evaluate(() => {
		const add = (style: Partial<CSSStyleDeclaration>) => {
			const one = document.createElement("p");
			one.textContent = "Half of this";
			Object.assign(one.style, { width: "40px", whiteSpace: "nowrap", ...style });
			document.body.append(one);
		};
		add({});
		add({ overflow: "hidden" });
		add({ overflow: "hidden", whiteSpace: "normal", height: "20px" });
	});
	expect(await clipped(tab)).toHaveLength(3);
});
