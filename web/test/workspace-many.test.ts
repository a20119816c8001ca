/** The inbox of somebody with very many conversations: it stays quick. */

import type { Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import type { ConversationSummaryJson } from "../src/gen/weiche/view/v1/inbox_pb.js";
import type { ListConversationsRequestJson } from "../src/gen/weiche/workspace/v1/workspace_pb.js";
import { fresh, logIn } from "./api.js";
import { device, expectComplaints, useBrowser } from "./browser.js";
import { customer } from "./team.js";

useBrowser();

const many = 10_000;
/** So many lines a conversation has that is opened. */
const lines = 40;
const rows = (page: Page) => page.locator(".row[data-id]");

/** Rows that were made up: the test is of the page, not of the server. */
function made(from: number, count: number): ConversationSummaryJson[] {
	const now = Date.now();
	return Array.from({ length: Math.min(count, many - from) }, (_, at) => {
		const number = from + at;
		const activeAt = new Date(now - number * 60_000).toISOString();
		return {
			conversationId: `made-${number}`,
			customerId: `customer-${number}`,
			customerName: `Customer ${number}`,
			status: "CONVERSATION_STATUS_OPEN",
			channel: ["whatsapp", "messenger", "instagram", "widget"][number % 4],
			channels: ["widget"],
			labels: number % 5 ? [] : ["order"],
			lastLine: { speaker: "SPEAKER_CUSTOMER", text: `The words of message ${number}`, at: activeAt },
			activeAt,
			waitingSince: activeAt,
			active: String(2 * many - number),
			changed: String(2 * many - number),
			unread: number % 3,
		};
	});
}

// Ten thousand rows are drawn, which takes a slow machine a minute.
test("10,000 rows come by pages, and it is told what scrolling and opening cost", {
	timeout: 240_000,
}, async () => {
	const browser = await device({ viewport: { width: 1440, height: 900 } });
	await logIn(browser);
	const page = await browser.newPage();
	await page.route("**/ListConversations", async (route) => {
		const asked = route.request().postDataJSON() as ListConversationsRequestJson;
		const from = Number(asked.pageToken || 0);
		// Larger pages than the page asks for, so that the test is not about calls.
		const conversations = made(from, from ? 2000 : (asked.limit ?? 50));
		const next = from + conversations.length;
		await route.fulfill({
			json: { conversations, nextPageToken: next < many ? String(next) : "", position: "" },
		});
	});
	await page.goto(`${inject("origin")}/workspace/all`);
	await rows(page).first().waitFor();
	await expect
		.poll(
			async () => {
				await page.locator(".rows").evaluate((list) => list.scrollTo(0, list.scrollHeight));
				return rows(page).count();
			},
			{ timeout: 200_000, interval: 20 },
		)
		.toBe(many);

	// Of all these only what is near the window is laid out and drawn.
	const drawn = await rows(page).evaluateAll(
		(all) =>
			all.filter((row) => row.firstElementChild?.checkVisibility({ contentVisibilityAuto: true })).length,
	);
	expect(drawn).toBeGreaterThan(0);
	expect(drawn).toBeLessThan(500);

	const scrolling = await work(page, () =>
		page.locator(".rows").evaluate(async (list) => {
			for (let at = 0; at < 60; at++) {
				list.scrollTop += 400;
				await new Promise(requestAnimationFrame);
			}
		}),
	);
	console.log(`a frame of scrolling takes ${(scrolling / 60).toFixed(1)} ms of work`);

	const switching = await work(page, () =>
		page.evaluate(async () => {
			for (const link of [...document.querySelectorAll<HTMLElement>(".row[data-id]")].slice(0, 8)) {
				link.click();
				while (link.getAttribute("aria-current") !== "true") await new Promise(requestAnimationFrame);
			}
		}),
	);
	console.log(`opening another conversation takes ${(switching / 8).toFixed(0)} ms of work`);
	await page.close();
	expectComplaints(/404/); // there are no such conversations
});

/** Milliseconds that the page's main thread worked; how busy the machine is does not count. */
async function work(page: Page, act: () => Promise<void>): Promise<number> {
	const session = await page.context().newCDPSession(page);
	await session.send("Performance.enable", { timeDomain: "threadTicks" });
	const worked = async () => {
		const { metrics } = await session.send("Performance.getMetrics");
		return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0) * 1000;
	};
	const before = await worked();
	await act();
	const after = await worked();
	await session.detach();
	return after - before;
}

test("it is told when the first rows are there, and a conversation that was loaded, beside plain nodes", async () => {
	const label = fresh("quick");
	const one = await customer("first", label);
	const two = await customer("second", label);
	for (let line = 0; line < lines; line++) {
		await one.write(`first ${line} m-`);
		await two.write(`second ${line} m-`);
	}
	const browser = await device({ viewport: { width: 1440, height: 900 } });
	await logIn(browser);
	const page = await browser.newPage();
	await page.goto(`${inject("origin")}/workspace/all?label=${label}`);
	await rows(page).first().waitFor();
	await page.goto(`${inject("origin")}/workspace/all?label=${label}`, { waitUntil: "commit" });
	const useful = await page.evaluate(async () => {
		while (!document.querySelector(".row[data-id]")) await new Promise(requestAnimationFrame);
		return performance.now();
	});
	console.log(`the first rows are there after ${useful.toFixed(0)} ms`);

	const open = (id: string, words: string) =>
		page.evaluate(
			async ([conversation, said]) => {
				const began = performance.now();
				document.querySelector<HTMLElement>(`.row[data-id="${conversation}"]`)?.click();
				while (!document.querySelector("main")?.textContent?.includes(said as string)) {
					await new Promise(requestAnimationFrame);
				}
				return performance.now() - began;
			},
			[id, words],
		);
	const last = lines - 1;
	const words = [`first ${last} m-`, `second ${last} m-`] as const;
	const first = [await open(one.conversationId, words[0]), await open(two.conversationId, words[1])];
	const again: number[] = [];
	const loaded = await work(page, async () => {
		for (let at = 0; at < 4; at++) {
			again.push(await open((at % 2 ? two : one).conversationId, words[at % 2 ? 1 : 0]));
		}
	});
	const text = (all: number[]) => all.map((time) => time.toFixed(0)).join(", ");
	console.log(`a conversation is there after ${text(first)} ms, one that was loaded after ${text(again)} ms`);
	// What no page can be quicker than: the same nodes, made and laid out by the browser alone.
	const plain = await work(page, () =>
		page.evaluate(async () => {
			for (let at = 0; at < 4; at++) {
				const now = document.querySelector("main");
				now?.replaceWith(now.cloneNode(true));
				await new Promise(requestAnimationFrame);
			}
		}),
	);
	console.log(`which takes ${(loaded / 4).toFixed(0)} ms of work, plain nodes ${(plain / 4).toFixed(0)}`);
	await page.close(); // its nodes are not the page's any more
});
