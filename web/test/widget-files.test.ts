import { crc32, deflateSync } from "node:zlib";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { GetTimelineResponseJson } from "../src/gen/weiche/widget/v1/widget_pb.js";
import { fresh } from "./api.js";
import { device, expectComplaints, useBrowser } from "./browser.js";
import { openChat, timeline } from "./chat.js";
import { useSite } from "./site.js";
import { jwt, logIn, makeKey } from "./visitor.js";

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

/** A letter that is chosen, and has been uploaded. */
async function chooseLetter(tab: Page): Promise<void> {
	await choose(tab, [{ name: "letter.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7\n") }]);
	await tab.getByText("1 file is ready to send").waitFor({ state: "attached" });
}

test("files that were chosen before a login are uploaded anew by themselves", async () => {
	const { id, tab } = await openChat(site);
	const key = await makeKey(id);
	await chooseLetter(tab);
	const again = tab.waitForResponse(/widget\/uploads/);
	await logIn(tab, jwt(key, fresh("person")));
	await again;
	await tab.getByText("1 file is ready to send").waitFor({ state: "attached" });
	await tab.getByRole("button", { name: "Send" }).click();
	await tab.getByRole("log").getByText("letter.pdf").waitFor();
	await tab.getByText("Delivered", { exact: true }).waitFor();
});

test("a message whose files a login has cut off says so, and is sent with them again", async () => {
	const { id, tab } = await openChat(site);
	const key = await makeKey(id);
	await chooseLetter(tab);
	await tab.route("**/SendMessage", (route) => route.abort());
	await tab.getByRole("textbox", { name: "Message" }).fill("My letter");
	await tab.keyboard.press("Enter");
	await tab.getByText("Sending", { exact: true }).waitFor();
	await logIn(tab, jwt(key, fresh("person")));
	await tab.unroute("**/SendMessage");
	await tab.getByText("Its files have to be added again.").waitFor();
	expect(await tab.getByRole("button", { name: "Try again" }).count()).toBe(0);
	await tab.getByRole("textbox", { name: "Message" }).fill("Please read it");
	await tab.getByRole("button", { name: "Edit" }).click();
	const field = tab.getByRole("textbox", { name: "Message" });
	expect(await field.inputValue()).toBe("My letter\nPlease read it");
	await tab.getByText("1 file is ready to send").waitFor({ state: "attached" });
	expect(await field.evaluate((one) => one === (one.getRootNode() as ShadowRoot).activeElement)).toBe(true);
	await tab.keyboard.press("Enter");
	await tab.getByText("Delivered", { exact: true }).waitFor();
	const { lines } = await timeline(tab, id);
	expect(lines?.[0]?.content?.parts?.map((part) => part.text?.body ?? part.media?.fileName)).toEqual([
		"My letter\nPlease read it",
		"letter.pdf",
	]);
	expectComplaints(/ERR_FAILED|404/);
});

/** A real picture of one colour, so many pixels wide and high. */
function png(width: number, height: number): Buffer {
	const chunk = (name: string, data: Buffer) => {
		const body = Buffer.concat([Buffer.from(name), data]);
		const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
		size.writeUInt32BE(data.length);
		sum.writeUInt32BE(crc32(body));
		return Buffer.concat([size, body, sum]);
	};
	const head = Buffer.alloc(13);
	head.writeUInt32BE(width, 0);
	head.writeUInt32BE(height, 4);
	head.set([8, 2, 0, 0, 0], 8);
	const rows = Buffer.alloc((1 + 3 * width) * height, 0x60);
	for (let row = 0; row < height; row++) rows[row * (1 + 3 * width)] = 0;
	const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
	return Buffer.concat([
		signature,
		chunk("IHDR", head),
		chunk("IDAT", deflateSync(rows)),
		chunk("IEND", Buffer.alloc(0)),
	]);
}

/** Opens a chat in which a picture stands above a message, and goes to its page anew before any picture comes. */
async function withPicture(media: (tab: Page) => Promise<unknown>) {
	// Nothing moves but what would by the picture.
	const { tab, address } = await openChat(site, { on: await device({ reducedMotion: "reduce" }) });
	await choose(tab, [{ name: "chair.png", mimeType: "image/png", buffer: png(480, 320) }]);
	await tab.getByText("1 file is ready to send").waitFor({ state: "attached" });
	await tab.getByRole("button", { name: "Send" }).click();
	await tab.getByRole("img", { name: "chair.png" }).waitFor();
	await tab.getByRole("textbox", { name: "Message" }).fill("below the picture");
	await tab.keyboard.press("Enter");
	await tab.getByText("Delivered", { exact: true }).waitFor();
	await media(tab);
	await tab.goto(address);
	await tab.getByRole("button", { name: "Open chat" }).click();
	const below = tab.getByText("below the picture");
	await below.waitFor();
	return { tab, below };
}

test("a picture has its place before it has come, and nothing moves when it does", async () => {
	let come = () => {};
	const held = new Promise<void>((resolve) => {
		come = resolve;
	});
	const { tab, below } = await withPicture((tab) =>
		tab.route("**/media/**", async (route) => {
			await held;
			await route.continue();
		}),
	);
	const picture = tab.getByRole("img", { name: "chair.png" });
	const places = async () => [await picture.boundingBox(), await below.boundingBox()];
	const before = await places();
	expect(before[0]).toMatchObject({ width: 240, height: 160 });
	expect(await picture.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBe(0);
	come();
	await expect.poll(() => picture.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBeGreaterThan(0);
	expect(await places()).toEqual(before);
});

test("a picture whose address has ended is asked for once more, and one that does not come keeps its place", async () => {
	let [asked, ended] = [0, 1];
	const { tab, below } = await withPicture((tab) =>
		tab.route("**/media/**", (route) =>
			asked++ < ended ? route.fulfill({ status: 404, body: "{}" }) : route.continue(),
		),
	);
	const picture = tab.getByRole("img", { name: "chair.png" });
	await expect.poll(() => picture.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBeGreaterThan(0);
	expect(asked).toBe(2);
	const place = await below.boundingBox();

	[asked, ended] = [0, 9];
	await tab.reload();
	await tab.getByRole("button", { name: "Open chat" }).click();
	await tab.getByRole("link", { name: "chair.png could not be loaded" }).waitFor();
	expect(asked).toBe(2);
	expect(await below.boundingBox()).toEqual(place);
	expectComplaints(/404/);
});

test("the address of a file is asked for again where it may have ended when the file is opened", async () => {
	const { tab } = await openChat(site);
	await tab.clock.install();
	await tab.reload();
	await tab.getByRole("button", { name: "Open chat" }).click();
	await choose(tab, [{ name: "chair.png", mimeType: "image/png", buffer: png(30, 20) }]);
	await tab.getByText("1 file is ready to send").waitFor({ state: "attached" });
	await tab.getByRole("button", { name: "Send" }).click();
	const link = tab.getByRole("link", { name: "chair.png" });
	const before = await link.evaluate((one: HTMLAnchorElement) => one.href);
	const opened = async () => {
		const [popup] = await Promise.all([tab.waitForEvent("popup"), link.click()]);
		await popup.waitForLoadState();
		return popup.url();
	};
	const reads: (string | undefined)[] = [];
	await tab.route("**/GetTimeline", async (route) => {
		const response = await route.fetch();
		const { lines } = (await response.json()) as GetTimelineResponseJson;
		reads.push(lines?.[0]?.media?.[0]?.url);
		await route.fulfill({ response });
	});
	expect(await opened(), "while it lasts").toBe(before);
	expect(reads).toEqual([]);
	await tab.clock.fastForward("09:30");
	const after = await opened();
	expect(reads).toHaveLength(1);
	expect(new URL(after).pathname).toBe(reads[0]);
	// The browser's own way to show a picture wants styles, which files may not have.
	expectComplaints(/\/media\//);
});
