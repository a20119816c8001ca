/** What tests of the widget do again and again. */

import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { account, call, fresh } from "./api.js";

const workspace = "weiche.workspace.v1.WorkspaceService";

let key: Promise<string> | undefined;

/** The key of a program that reads conversations and answers. */
export function program(): Promise<string> {
	key ??= call<unknown, { key: string }>("weiche.admin.v1.AdminService/CreateApiKey", {
		accountId: account,
		name: "Tests of the widget",
		scopes: ["conversations:read", "conversations:write"],
		clientToken: fresh("t"),
	}).then((answer) => answer.key);
	return key;
}

/** Answers in a conversation. */
export async function reply(conversationId: string, text: string): Promise<void> {
	await call(`${workspace}/SendReply`, { conversationId, text, clientToken: fresh("t") }, await program());
}

/** Says in a conversation, as its visitor from another device, what a page does not know. */
export async function say(token: string, text: string): Promise<void> {
	await call("weiche.widget.v1.WidgetService/SendMessage", { text, clientToken: fresh("t") }, token);
}

/** The session that a page has stored; empty where it has none. */
export function tokenOf(page: Page, widget: string): Promise<string> {
	return page.evaluate((id) => localStorage.getItem(`weiche:${id}`) ?? "", widget);
}

/** What the server has of the conversation of a session. */
export async function timeline(
	token: string,
): Promise<{ conversationId?: string; texts: string[]; states: string[] }> {
	const answer = await call<
		unknown,
		{
			conversationId?: string;
			lines?: { state?: string; content?: { parts?: { text?: { body?: string } }[] } }[];
		}
	>("weiche.widget.v1.WidgetService/GetTimeline", { limit: 500 }, token);
	return {
		conversationId: answer.conversationId,
		texts: (answer.lines ?? []).map((line) => line.content?.parts?.[0]?.text?.body ?? ""),
		states: (answer.lines ?? []).map((line) => line.state ?? ""),
	};
}

/** Opens the chat of a page and returns where to write. */
export async function open(page: Page): Promise<Locator> {
	await page.getByRole("button", { name: /^(Open chat|Chat öffnen)/ }).click();
	const field = page.getByRole("textbox", { name: /^(Message|Nachricht)$/ });
	await field.waitFor();
	return field;
}

/** Writes a message and waits until it stands in the conversation; returns the conversation's id. */
export async function write(page: Page, widget: string, text: string): Promise<string> {
	const field = page.getByRole("textbox", { name: /^(Message|Nachricht)$/ });
	await field.fill(text);
	await field.press("Enter");
	await page.getByText(/^(Delivered|Zugestellt)$/).waitFor();
	const { conversationId } = await timeline(await tokenOf(page, widget));
	expect(conversationId).toBeTruthy();
	return conversationId ?? "";
}

/** Whether the log stands at its end. */
export function atEnd(page: Page): Promise<boolean> {
	return page
		.getByRole("log")
		.evaluate((log) => Math.abs(log.scrollHeight - log.clientHeight - log.scrollTop) < 2);
}
