/** What a visitor does in a widget, and others beside it, for tests. */

import type { BrowserContext, Locator, Page } from "playwright-core";
import { expect, inject } from "vitest";
import type { GetTimelineResponseJson } from "../src/gen/weiche/widget/v1/widget_pb.js";
import type { SendReplyRequestJson } from "../src/gen/weiche/workspace/v1/workspace_pb.js";
import { call, fresh, logIn, makeWidget, provider } from "./api.js";
import { device } from "./browser.js";
import type { Site } from "./site.js";

/** Opens a page of the site with a widget of its own, and the chat on it. */
export async function openChat(
	site: Site,
	options: {
		setup?: Parameters<typeof makeWidget>[0];
		on?: BrowserContext;
		attributes?: string;
		head?: string;
	} = {},
): Promise<{ id: string; tab: Page; address: string }> {
	const id = await makeWidget({ origins: [site.origin], ...options.setup });
	const tab = await (options.on ?? (await device())).newPage();
	const address = site.withWidget(id, { attributes: options.attributes, head: options.head });
	await tab.goto(address);
	await tab.getByRole("button", { name: /^(Open chat|Chat öffnen)$/ }).click();
	return { id, tab, address };
}

/** The button of the menu of channels. */
export function channelButton(tab: Page): Locator {
	return tab.getByRole("button", { name: "Continue on another app" });
}

/** Goes to the page of a channel. */
export async function toChannel(tab: Page, name: string): Promise<void> {
	await channelButton(tab).click();
	await tab.getByRole("menuitem", { name }).click();
	await tab.getByRole("heading", { name }).waitFor();
}

/** The address that the page of a channel opens on this device. */
export async function addressOf(tab: Page, app: string): Promise<string> {
	return (await tab.getByRole("link", { name: `Open ${app} on this device` }).getAttribute("href")) ?? "";
}

/** How far it is, as it is said to those who hear the page. */
export function status(tab: Page): Locator {
	return tab.locator(".channel").getByRole("status");
}

/** Opens an address on somebody's phone, and sends what WhatsApp has typed. */
export async function openOnPhone(name: string, url: string): Promise<void> {
	await provider("POST", `/sim/people/${name}/open`, { url, send: true });
}

interface Thread {
	integration: string;
	channel: string;
	messages: { from: string; text?: string; buttons?: { id: string; title: string }[] }[];
}

/** The thread on somebody's phone in which the business has said something, once it has. */
export async function onPhone(name: string, channel: string, text: string): Promise<Thread> {
	const { threads } = await provider<{ threads: Thread[] }>(
		"GET",
		`/sim/people/${name}/threads?text=${encodeURIComponent(text)}&timeout=10s`,
	);
	const thread = threads.find((one) => one.channel === channel);
	if (!thread) throw new Error(`${name} has no thread of ${channel}`);
	return thread;
}

/** Taps the answer to the question of a link on somebody's phone: to the first, or the one that is said. */
export async function answerOnPhone(
	name: string,
	channel: string,
	yes: boolean,
	question = 1,
): Promise<void> {
	const id = yes ? ":yes" : ":no";
	await expect
		.poll(async () => {
			const { integration, messages } = await onPhone(name, channel, "Continue the conversation");
			const buttons = messages
				.flatMap((message) => message.buttons ?? [])
				.filter((one) => one.id.endsWith(id));
			const button = buttons[question - 1];
			if (button) await provider("POST", `/sim/people/${name}/tap`, { integration, button: button.id });
			return !!button;
		})
		.toBe(true);
}

/** Links a channel from its page, by somebody's phone. */
export async function link(tab: Page, app: string, name: string): Promise<void> {
	await toChannel(tab, app);
	await openOnPhone(name, await addressOf(tab, app));
	await tab.getByText(`Now confirm in ${app}.`).waitFor();
	await answerOnPhone(name, app.toLowerCase(), true);
	await tab.getByText(`Connected. We will now reply on ${app}.`).waitFor();
}

/** The conversation of the session that a tab has. */
export async function timeline(tab: Page, widget: string): Promise<GetTimelineResponseJson> {
	const token = await tab.evaluate((key) => localStorage.getItem(key) ?? "", `weiche:${widget}`);
	return call("weiche.widget.v1.WidgetService/GetTimeline", { latest: true }, token);
}

/** A device at which the agent Kim is logged in. */
export async function kim(): Promise<BrowserContext> {
	const context = await device();
	await logIn(context);
	return context;
}

/** Replies as an agent. */
export async function reply(agent: BrowserContext, request: SendReplyRequestJson): Promise<void> {
	const answer = await agent.request.post(
		`${inject("origin")}/weiche.workspace.v1.WorkspaceService/SendReply`,
		{ data: { clientToken: fresh("r"), ...request } },
	);
	if (!answer.ok()) throw new Error(`SendReply: ${answer.status()} ${await answer.text()}`);
}
