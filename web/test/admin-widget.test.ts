/** What a change of a widget does to those who use it. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, expect, inject, test } from "vitest";
import type {
	GetLinkResponseJson,
	GetTimelineResponseJson,
	OpenSessionResponseJson,
	RequestLinkResponseJson,
} from "../src/gen/weiche/widget/v1/widget_pb.js";
import { deviceOf, makeAgent, openAdmin, type Person } from "./admin.js";
import { call, fresh, makePerson, makeWidget, provider } from "./api.js";
import { useBrowser } from "./browser.js";

useBrowser();

const widgetService = "weiche.widget.v1.WidgetService/";

let owner: Person;

beforeAll(async () => {
	owner = await makeAgent("ROLE_OWNER");
});

async function open(path: string): Promise<Page> {
	return openAdmin(await deviceOf(owner), path);
}

/** A visitor who has written and asked for a code of a channel. */
async function makeVisitor(widgetId: string) {
	const session = await call<unknown, OpenSessionResponseJson>(
		`${widgetService}OpenSession`,
		{ widgetId },
		"",
	);
	const token = session.sessionToken ?? "";
	await call(`${widgetService}SendMessage`, { text: "Is it blue?", clientToken: fresh("t") }, token);
	const { link } = await call<unknown, RequestLinkResponseJson>(
		`${widgetService}RequestLink`,
		{ integrationId: "whatsapp", clientToken: fresh("t") },
		token,
	);
	return { token, link: link ?? {} };
}

/** The channel that a visitor is answered on. */
async function repliesTo(token: string): Promise<string | undefined> {
	return (await call<unknown, GetTimelineResponseJson>(`${widgetService}GetTimeline`, {}, token)).repliesTo;
}

async function save(tab: Page): Promise<void> {
	await tab.getByRole("button", { name: "Save" }).click();
	await tab.getByRole("region", { name: "Unsaved changes" }).waitFor({ state: "detached" });
}

test("it is written what unticking a channel does to open codes and linked customers, and it does that", async () => {
	const id = await makeWidget();
	const waiting = [await makeVisitor(id), await makeVisitor(id)];
	const linked = await makeVisitor(id);
	const ana = await makePerson();
	await provider("POST", `/sim/people/${ana}/open`, { url: linked.link.url, send: true });
	await provider("GET", `/sim/people/${ana}/threads?integration=whatsapp&min=2&timeout=10s`);
	await provider("POST", `/sim/people/${ana}/send`, { integration: "whatsapp", text: "yes" });
	await expect.poll(() => repliesTo(linked.token), { timeout: 10_000 }).toBe("whatsapp");

	const tab = await open(`widgets/${id}`);
	const whatsapp = tab.getByRole("switch", { name: "WhatsApp" });
	const effect = tab.getByRole("status").filter({ hasText: "What saving does" });
	await whatsapp.uncheck();
	await effect
		.getByText(
			"WhatsApp leaves the menu: 2 open codes will stop working; 1 linked customer keeps WhatsApp until they disconnect.",
		)
		.waitFor();
	await save(tab);
	// Ana's code has led to a link; the same done with one of these leads to none.
	const ben = await makePerson();
	await provider("POST", `/sim/people/${ben}/open`, { url: waiting[0]?.link.url, send: true });
	await provider("POST", `/sim/people/${ben}/send`, { integration: "whatsapp", text: "yes" });
	await provider("GET", "/sim/idle?timeout=10s");
	const { link } = await call<unknown, GetLinkResponseJson>(
		`${widgetService}GetLink`,
		{ linkId: waiting[0]?.link.linkId },
		waiting[0]?.token,
	);
	expect(["LINK_STATE_MATCHED", "LINK_STATE_CONNECTED"]).not.toContain(link?.state);
	expect(await repliesTo(waiting[0]?.token ?? "")).toBe("widget");
	expect(await repliesTo(linked.token)).toBe("whatsapp");

	await whatsapp.check();
	await effect.getByText("WhatsApp appears in the menu.").waitFor();
	await save(tab);
	await whatsapp.uncheck();
	await tab.getByLabel("Disconnect them now: replies go to the web chat again").check();
	await effect.getByText("1 linked customer is disconnected from WhatsApp and goes on here").waitFor();
	await save(tab);
	await expect.poll(() => repliesTo(linked.token), { timeout: 10_000 }).toBe("widget");
});

test("a key for signed-in visitors is told once, the programs beside it sign, and it can be ended", async () => {
	const id = await makeWidget();
	const tab = await open(`widgets/${id}`);
	const only = tab.getByLabel("Only for signed-in visitors");
	expect(await only.isDisabled()).toBe(true);
	await tab.getByText("Make a key first: without one nobody could write.").waitFor();
	await tab.getByRole("button", { name: "Make key" }).click();
	const told = tab.getByRole("dialog", { name: "New key" });
	const secret = await told.getByLabel("Secret").inputValue();
	const node = await told.getByLabel("Node.js").inputValue();
	const go = await told.getByLabel("Go", { exact: true }).inputValue();
	await told.getByRole("button", { name: "I have copied it" }).click();
	expect(await tab.content()).not.toContain(secret);
	await only.check();
	await save(tab);

	const folder = mkdtempSync(join(tmpdir(), "weiche-key-"));
	const run = (program: string, ...of: string[]) =>
		execFileSync(program, of, {
			cwd: folder,
			env: { ...process.env, WEICHE_VISITOR_KEY: secret, GO111MODULE: "off", GOWORK: "off" },
			encoding: "utf8",
		}).trim();
	writeFileSync(join(folder, "key.mjs"), node);
	writeFileSync(
		join(folder, "main.mjs"),
		'import { visitorToken } from "./key.mjs";\nconsole.log(visitorToken("u1", "Ana"));\n',
	);
	writeFileSync(
		join(folder, "main.go"),
		`${go.replace("package visitor", "package main")}
func main() {
	token, err := Token("u1", "Ana")
	if err != nil {
		panic(err)
	}
	os.Stdout.WriteString(token)
}
`,
	);
	const tokens = [run(process.execPath, "main.mjs"), run("go", "run", "main.go")];
	rmSync(folder, { recursive: true });
	const sessionOf = (visitorToken: string) =>
		call(`${widgetService}OpenSession`, { widgetId: id, visitorToken }, "");
	for (const token of tokens) await sessionOf(token);
	await expect(sessionOf("")).rejects.toThrow(/40[13]/);

	await tab.getByText("The last key stays as long as only signed-in visitors may write.").waitFor();
	await only.uncheck();
	await save(tab);
	const keyId = /kid: "([^"]+)"/.exec(node)?.[1] ?? "";
	await tab.getByRole("button", { name: `Remove ${keyId}` }).click();
	const question = tab.getByRole("dialog", { name: `Remove the key ${keyId}?` });
	await question.getByRole("button", { name: "Remove" }).click();
	await tab.getByText("There is no key yet.", { exact: true }).waitFor();
	for (const token of tokens) await expect(sessionOf(token)).rejects.toThrow(/40[13]/);
});

test("what stands in the embed code is a chat that works on a page of the site", async () => {
	const id = await makeWidget({ origins: [inject("origin")] });
	const tab = await open(`widgets/${id}`);
	const page = await tab.getByRole("link", { name: "Open it as a page" }).getAttribute("href");
	const chat = await tab.context().newPage();
	await chat.goto(inject("origin") + page);
	await chat.getByRole("textbox").waitFor();
});
