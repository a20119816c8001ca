import { test, inject } from "vitest";
import { call, fresh, makeWidget, provider, makePerson } from "./api.js";
import { device, useBrowser } from "./browser.js";
import { useSite } from "./site.js";
useBrowser();
const site = useSite();
for (const [name, opts, attrs] of [["l", {}, ""], ["d", { colorScheme: "dark", locale: "de-DE" }, ""], ["m", { viewport: { width: 320, height: 640 }, hasTouch: true }, ""], ["r", {}, 'dir="rtl" lang="de"']] as const)
test("look " + name, async () => {
	const id = await makeWidget({ origins: [site.origin], appearance: { title: "Blue Shop", greeting: { en: "Hi! Ask us anything about your order.", de: "Hallo! Fragen Sie uns alles zu Ihrer Bestellung." }, accent: name === "l" ? "#ffd400" : "#7a2bd6", replyTime: "REPLY_TIME_MINUTES" } });
	const d = await device(opts);
	const page = await d.newPage();
	await page.goto(site.withWidget(id, { attributes: attrs }));
	await page.getByRole("button", { name: /Open chat|Chat öffnen/ }).click();
	const field = page.getByRole("textbox");
	await field.waitFor();
	await field.fill("Hello, where is my order? It was number https://shop.example/o/1234");
	await field.press("Enter");
	await page.getByText(/Sent|Gesendet/).waitFor();
	await field.fill("It should have come on Monday.");
	await field.press("Enter");
	const list = await call<unknown, { conversations: { conversationId: string }[] }>("weiche.workspace.v1.WorkspaceService/ListConversations", {}, await agent());
	const cid = list.conversations[0]!.conversationId;
	const token = await page.evaluate((id) => localStorage.getItem(`weiche:${id}`), id);
	// link whatsapp
	const person = await makePerson();
	const link = await call<unknown, any>("weiche.widget.v1.WidgetService/RequestLink", { integrationId: "whatsapp", clientToken: fresh("l"), language: "en" }, token!);
	await provider("POST", `/sim/people/${person}/open`, { url: link.link.url, send: true });
	await page.waitForTimeout(800);
	await provider("POST", `/sim/people/${person}/tap`, { integration: "whatsapp", button: "Yes, continue here" }).catch((e) => console.log(String(e)));
	await page.waitForTimeout(1500);
	await provider("POST", `/sim/people/${person}/send`, { integration: "whatsapp", text: "Now I am on my phone", });
	await provider("POST", `/sim/people/${person}/send`, { integration: "whatsapp", media: { kind: "image" } });
	await provider("POST", `/sim/people/${person}/send`, { integration: "whatsapp", media: { kind: "document", name: "Invoice 2026-11.pdf" } });
	await page.waitForTimeout(1500);
	await call("weiche.workspace.v1.WorkspaceService/SendReply", { conversationId: cid, text: "Hello! Let me look.", clientToken: fresh("t") }, await agent());
	await call("weiche.workspace.v1.WorkspaceService/SendReply", { conversationId: cid, text: "It left our house on Friday, so it should be there tomorrow. Sorry for the delay!", clientToken: fresh("t") }, await agent());
	await page.getByText("tomorrow").first().waitFor();
	await page.waitForTimeout(700);
	await page.screenshot({ path: `/tmp/widget/${name}1.png` });
	await field.fill("Thanks!\nSee you");
	await page.screenshot({ path: `/tmp/widget/${name}2.png` });
	await field.press("Enter");
	await page.waitForTimeout(900);
	await page.screenshot({ path: `/tmp/widget/${name}3.png` });
}, 40000);
let token: string | undefined;
async function agent(): Promise<string> {
	token ??= (await call<unknown, { key: string }>("weiche.admin.v1.AdminService/CreateApiKey", { accountId: "demo", name: "t", scopes: ["conversations:read", "conversations:write"], clientToken: fresh("k") })).key;
	return token;
}
