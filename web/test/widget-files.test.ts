import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { expectComplaints, useBrowser } from "./browser.js";
import { openChat, timeline } from "./chat.js";
import { useSite } from "./site.js";

useBrowser();
const site = useSite();

/** The smallest real picture: one pixel of PNG. */
const pixel = Buffer.from(
	"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
	"base64",
);

/** Chooses files by the button of the composer, as a person does. */
async function choose(tab: Page, files: { name: string; mimeType: string; buffer: Buffer }[]): Promise<void> {
	const asked = tab.waitForEvent("filechooser");
	await tab.getByRole("button", { name: "Add files" }).click();
	await (await asked).setFiles(files);
}

/** Brings files as a paste or a drop does. */
async function bring(
	tab: Page,
	how: "paste" | "drop",
	name: string,
	type: string,
	text: string,
): Promise<void> {
	await tab.getByRole("textbox", { name: "Message" }).evaluate(
		(box, { how, name, type, text }) => {
			const data = new DataTransfer();
			data.items.add(new File([text], name, { type }));
			const init = { bubbles: true, composed: true, cancelable: true };
			if (how === "paste") box.dispatchEvent(new ClipboardEvent("paste", { ...init, clipboardData: data }));
			else
				for (const step of ["dragenter", "dragover", "drop"])
					box.dispatchEvent(new DragEvent(step, { ...init, dataTransfer: data }));
		},
		{ how, name, type, text },
	);
}

test("a picture is chosen, shown small, uploaded and sent, and has its size and its name", async () => {
	const { id, tab } = await openChat(site);
	await choose(tab, [{ name: "blue chair.png", mimeType: "image/png", buffer: pixel }]);
	const files = tab.getByRole("list", { name: "Files to send" });
	await files.getByText("blue chair.png").waitFor();
	await tab.getByText("1 file is ready to send").waitFor({ state: "attached" });
	await files.locator("canvas.drawn").waitFor();
	await tab.getByRole("textbox", { name: "Message" }).fill("Is it this one?");
	await tab.getByRole("button", { name: "Send" }).click();
	await files.waitFor({ state: "detached" });
	const picture = tab.getByRole("img", { name: "blue chair.png" });
	await picture.waitFor();
	expect(
		await picture.evaluate((one: HTMLImageElement) => [one.loading, one.getAttribute("width") !== null]),
	).toEqual(["lazy", true]);
	await expect.poll(() => picture.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBe(1);
	const { lines } = await timeline(tab, id);
	expect(lines?.[0]?.content?.parts?.map((part) => part.text?.body ?? part.media?.fileName)).toEqual([
		"Is it this one?",
		"blue chair.png",
	]);
});

test("files are pasted and dropped, and taken out again", async () => {
	const { tab } = await openChat(site);
	const files = tab.getByRole("list", { name: "Files to send" }).getByRole("listitem");
	await bring(tab, "paste", "pasted.txt", "text/plain", "hello");
	await bring(tab, "drop", "dropped.txt", "text/plain", "hello");
	await expect.poll(() => files.allInnerTexts()).toHaveLength(2);
	await tab.getByText("2 files are ready to send").waitFor({ state: "attached" });
	await tab.getByRole("button", { name: "Remove pasted.txt" }).click();
	await expect.poll(() => files.allInnerTexts()).toHaveLength(1);
	await tab.getByRole("button", { name: "Send" }).click();
	await tab.getByRole("log").getByText("dropped.txt").waitFor();
});

test("what is too large, a program, empty or one too many is refused before it is uploaded, with the limit", async () => {
	const { tab } = await openChat(site);
	await tab.getByRole("textbox", { name: "Message" }).waitFor();
	const uploads: string[] = [];
	await tab.route("**/v1/widget/uploads*", async (route) => {
		uploads.push(new URL(route.request().url()).searchParams.get("name") ?? "");
		await route.fulfill({ json: { blob_id: "b" }, headers: { "Access-Control-Allow-Origin": site.origin } });
	});
	const alert = tab.getByRole("alert");
	await tab.getByRole("textbox", { name: "Message" }).evaluate((box) => {
		const data = new DataTransfer();
		data.items.add(new File([new Uint8Array(25 * 1024 * 1024 + 1)], "film.mp4", { type: "video/mp4" }));
		data.items.add(new File(["MZ"], "tool.exe", { type: "application/x-msdownload" }));
		data.items.add(new File([], "nothing.txt", { type: "text/plain" }));
		box.dispatchEvent(new DragEvent("drop", { bubbles: true, composed: true, dataTransfer: data }));
	});
	await expect
		.poll(() => alert.innerText())
		.toBe(
			[
				"film.mp4 was not added. A file can have at most 25 MB.",
				"tool.exe was not added. Programs, scripts and web pages cannot be sent.",
				"nothing.txt was not added. It is empty.",
			].join("\n\n"),
		);
	expect(uploads).toEqual([]);
	expect(await tab.getByRole("button", { name: "Send" }).getAttribute("aria-disabled")).toBe("true");

	const many = Array.from({ length: 11 }, (_, n) => ({
		name: `${n}.txt`,
		mimeType: "text/plain",
		buffer: Buffer.from("x"),
	}));
	await choose(tab, many);
	await expect
		.poll(() => alert.innerText())
		.toBe("10.txt was not added. A message can have at most 10 files.");
	await tab.getByText("10 files are ready to send").waitFor({ state: "attached" });
	// The control: what is taken is uploaded, so the refused were seen not to be.
	expect(uploads).toHaveLength(10);
});

test("an upload shows how far it is, and one that did not arrive is tried again", async () => {
	const { tab } = await openChat(site);
	await tab.getByRole("textbox", { name: "Message" }).waitFor();
	let tries = 0;
	let release = () => {};
	const seen = new Promise<void>((resolve) => {
		release = resolve;
	});
	await tab.route("**/v1/widget/uploads*", async (route) => {
		if (route.request().method() !== "POST" || ++tries > 1) return route.continue();
		await seen;
		await route.fulfill({
			status: 503,
			json: { reason: "REASON_OVERLOADED" },
			headers: { "Access-Control-Allow-Origin": site.origin },
		});
	});
	await choose(tab, [{ name: "letter.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7\n") }]);
	await tab.getByRole("progressbar", { name: "Uploading letter.pdf" }).waitFor();
	release();
	await tab.getByText("Not uploaded.").waitFor();
	expect(await tab.getByRole("button", { name: "Send" }).getAttribute("aria-disabled")).toBe("true");
	await tab.getByRole("button", { name: "Try again" }).click();
	await tab.getByText("1 file is ready to send").waitFor({ state: "attached" });
	expect(tries).toBe(2);
	expectComplaints(/503/);
});
