/** What the server does not let an agent follow, and whom it lets answer when. */

import type { Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import type { IntegrationSetupJson } from "../src/gen/weiche/ingress/v1/command_pb.js";
import type { ClientFrameJson, RefusedJson } from "../src/gen/weiche/stream/v1/stream_pb.js";
import type {
	ListConversationsRequestJson,
	ListConversationsResponseJson,
} from "../src/gen/weiche/workspace/v1/workspace_pb.js";
import { account, call, fresh, logIn, provider } from "./api.js";
import { device, useBrowser } from "./browser.js";
import { log, message, open, sendVia, text } from "./desk.js";
import { Person } from "./person.js";
import { asProgram, customer } from "./team.js";

useBrowser();

/** Refuses what a page asks to follow, as long as it says so. */
async function refuse(
	page: Page,
	fits: (frame: ClientFrameJson) => boolean,
	why: RefusedJson,
): Promise<{ on: boolean }> {
	const refusing = { on: true };
	await page.routeWebSocket("**/v1/stream", (socket) => {
		const server = socket.connectToServer();
		socket.onMessage((said) => {
			const frame = JSON.parse(String(said)) as ClientFrameJson;
			if (!refusing.on || !fits(frame)) return server.send(said);
			socket.send(JSON.stringify({ subscription: frame.subscribe?.subscription, refused: why }));
		});
	});
	return refusing;
}

const unfollowed = "New messages do not appear here at the moment.";

test("a list that the server does not let follow says so, with a way on", async () => {
	const label = fresh("deaf");
	const one = await customer("hello", label);
	const browser = await device();
	await logIn(browser);
	const page = await browser.newPage();
	const refusing = await refuse(page, ({ subscribe }) => subscribe?.request?.inbox === true, {
		code: "invalid_argument",
		reason: "REASON_INVALID",
	});
	await page.goto(`${inject("origin")}/workspace/all?label=${label}`);
	const list = page.getByRole("region", { name: "Conversations" });
	await list.getByRole("alert").filter({ hasText: unfollowed }).waitFor();
	await list.getByText("hello").waitFor();
	refusing.on = false;
	await list.getByRole("button", { name: "Try again" }).click();
	await list.getByText(unfollowed).waitFor({ state: "detached" });
	await one.write("and now live");
	await list.getByText("and now live").waitFor();
});

test("a conversation that the server does not let follow says so, and one that is gone leads back to the list", async () => {
	const ana = await Person.come();
	await ana.write("Hello");
	const browser = await device();
	await logIn(browser);
	const page = await browser.newPage();
	const why: RefusedJson = { code: "unavailable", reason: "REASON_UNAVAILABLE" };
	const refusing = await refuse(page, ({ subscribe }) => Boolean(subscribe?.request?.conversationId), why);
	await page.goto(`${inject("origin")}/workspace/all/${ana.conversationId}`);
	const thread = page.getByRole("main");
	await thread.getByRole("alert").filter({ hasText: unfollowed }).waitFor();
	await message(page, "Hello").waitFor();
	refusing.on = false;
	await thread.getByRole("button", { name: "Try again" }).click();
	await thread.getByText(unfollowed).waitFor({ state: "detached" });
	await ana.write("You hear me");
	await message(page, "You hear me").waitFor();

	Object.assign(why, { code: "not_found", reason: "REASON_NOT_FOUND" });
	refusing.on = true;
	await page.reload();
	await thread.getByText("There is no such conversation, or it is not yours to see.").waitFor();
	await thread.getByRole("button", { name: "Back to the list" }).click();
	await page.getByRole("heading", { name: "Choose a conversation" }).waitFor();
});

/** Sets an integration of the demo up, with the right to answer for seven days or without. */
function setUp(channel: "messenger" | "instagram", humanAgent: boolean): Promise<unknown> {
	const integration: IntegrationSetupJson =
		channel === "messenger"
			? { appId: "demo-messenger", providerAccountId: "300001", address: "blue.shop" }
			: { appId: "demo-instagram", providerAccountId: "400001", address: "blue.shop.ig", pageId: "300002" };
	return call("weiche.admin.v1.AdminService/ConnectIntegration", {
		accountId: account,
		integration: { ...integration, id: channel, channel, name: `${channel} of the shop`, humanAgent },
		clientToken: fresh("t"),
	});
}

/** Somebody wrote over a channel so many hours ago; returns the conversation. */
async function wrote(channel: "messenger" | "instagram", hoursAgo: number): Promise<string> {
	const timestamp = Math.floor(Date.now() - hoursAgo * 3_600_000);
	const [app, id, object] =
		channel === "messenger" ? ["100002", "300001", "page"] : ["100003", "400001", "instagram"];
	const said = fresh("hello");
	const sender = { id: String(7_000_000_000_000 + Math.floor(Math.random() * 1e12)) };
	await provider("POST", `/sim/apps/${app}/webhook`, {
		object,
		entry: [
			{
				id,
				time: timestamp,
				messaging: [{ sender, recipient: { id }, timestamp, message: { mid: fresh("m_"), text: said } }],
			},
		],
	});
	let conversationId = "";
	await expect
		.poll(async () => {
			const page = await asProgram<ListConversationsRequestJson, ListConversationsResponseJson>(
				"ListConversations",
				{ limit: 50 },
			);
			conversationId = page.conversations?.find((row) => row.lastLine?.text === said)?.conversationId ?? "";
			return conversationId;
		})
		.not.toBe("");
	return conversationId;
}

test.each(["messenger", "instagram"] as const)(
	"after 24 hours only people may answer on %s, where the provider allows it, for seven days; the composer says so (12)",
	async (channel) => {
		const name = channel === "messenger" ? "Messenger" : "Instagram";
		const conversationId = await wrote(channel, 30);
		const long = await wrote(channel, 200);
		const page = await open(conversationId);
		// The control: where the provider does not allow it, nothing can be sent.
		const closed = page.getByText(
			`The ${name} window is closed. Nothing can be sent until the customer writes.`,
		);
		await closed.waitFor();
		await setUp(channel, true);
		try {
			await page.reload();
			await page
				.getByText(new RegExp(`^Past the usual 24 hours: on ${name} only people may answer, until \\w{3},? `))
				.waitFor();
			await text(page).fill("A person answers");
			await sendVia(page, name).click();
			const said = message(page, "A person answers");
			await said.hover();
			await said.getByRole("button", { name: "Why this route?" }).click();
			await said.getByText("Sent as a person's answer, after the usual 24 hours.").waitFor();
			await page.goto(`${inject("origin")}/workspace/all/${long}`);
			await closed.waitFor();
		} finally {
			await setUp(channel, false);
		}
	},
);

test("an address that may have come into other hands gets nothing until an agent confirms it, or says that it is another's", async () => {
	const config = await provider<{ numbers: object[] }>("GET", "/sim/config");
	const numbers = (identityCheck: boolean) =>
		provider("PATCH", "/sim/config", {
			numbers: config.numbers.map((one) => ({ ...one, identity_check: identityCheck })),
		});
	await numbers(true);
	try {
		const ana = await Person.come();
		await ana.write("Hello");
		await ana.connect();
		await ana.say("whatsapp", "By phone");
		const page = await open(ana.conversationId);
		await message(page, "By phone").waitFor();
		const anotherPhone = () => provider("POST", `/sim/people/${ana.name}/identity`, { new_key: true });
		const card = page.locator("#context").getByRole("region", { name: "Channels" });
		const whatsapp = card.getByRole("listitem").filter({ hasText: "WhatsApp" });
		await anotherPhone();
		await whatsapp.getByText("Not confirmed").waitFor();
		await page.getByText(/^This goes via web chat: the WhatsApp address is not confirmed\.$/).waitFor();
		await whatsapp.getByRole("button", { name: "It is the same person" }).click();
		await log(page).getByText("The WhatsApp address was confirmed").waitFor();
		await page.getByRole("button", { name: /^Replying via WhatsApp/ }).waitFor();

		await anotherPhone();
		await whatsapp.getByRole("button", { name: "It is somebody else" }).click();
		await page.getByRole("button", { name: /^Replying via web chat/ }).waitFor();
		await whatsapp.getByText("Disconnected", { exact: true }).waitFor();
		// It is asked once.
		expect(await whatsapp.getByRole("button", { name: "It is somebody else" }).count()).toBe(0);
	} finally {
		await numbers(false);
	}
});
