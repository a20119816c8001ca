import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Caller } from "../api/call.js";
import { Session } from "./session.js";

const reload = vi.fn();
beforeEach(() => void vi.stubGlobal("location", { reload }));
afterEach(() => void vi.unstubAllGlobals());

/** A page, and the cookie that all pages of its browser have. */
function page() {
	const asked: string[] = [];
	const browser = { agentId: "kim" };
	const caller = {
		call: async (method: string) => {
			asked.push(`${method} as ${browser.agentId}`);
			return {};
		},
	} as unknown as Pick<Caller, "call">;
	const session = new Session(caller, "/", async () => ({ me: { agent: { agentId: browser.agentId } } }));
	return { asked, browser, session };
}

const refused = { reason: "REASON_UNAUTHENTICATED" };

test("what waits when a session has ended is asked for by the same person alone", async () => {
	const { asked, browser, session } = page();
	await session.open();
	await session.call("SendReply", {});
	session.end();
	browser.agentId = "ben";
	await expect(session.call("SendReply", {})).rejects.toMatchObject(refused);
	expect(asked).toEqual(["SendReply as kim"]);
	browser.agentId = "kim";
	await session.open();
	await session.call("SendReply", {});
	expect(asked).toEqual(["SendReply as kim", "SendReply as kim"]);
});

test("nor is anything asked for before the page is that of somebody else", async () => {
	const { asked, browser, session } = page();
	await session.open();
	browser.agentId = "ben";
	await session.open();
	await expect(session.call("SendReply", {})).rejects.toMatchObject(refused);
	await vi.waitFor(() => expect(reload).toHaveBeenCalledOnce());
	expect(asked).toEqual([]);
});
