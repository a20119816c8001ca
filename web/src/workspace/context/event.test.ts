import { expect, test } from "vitest";
import { commandOf, doerOf } from "./event.js";
import { openLinks } from "./link.js";

test("the command names the one record of the event", () => {
	expect(
		commandOf({ accountId: "demo", conversationId: "01J9", version: "42", type: "message.created" }),
	).toBe("weiche events --account demo --after 41 --limit 1 --json conversation-01J9");
	expect(commandOf({ accountId: "it's; rm", conversationId: "c", version: "1" })).toContain(
		"--account 'it'\\''s; rm' --after 0",
	);
});

test("an event says who did it", () => {
	expect(doerOf({ type: "message.created", messageCreated: { author: "MESSAGE_AUTHOR_CUSTOMER" } })).toEqual({
		kind: "customer",
	});
	expect(doerOf({ type: "conversation.labels_changed", labelsChanged: { agentId: "kim" } })).toEqual({
		kind: "agent",
		agentId: "kim",
	});
	expect(doerOf({ type: "message.deleted", messageDeleted: { byBusiness: true } })).toEqual({
		kind: "native",
	});
	expect(doerOf({ type: "route.changed", routeChanged: {} })).toEqual({ kind: "system" });
});

test("a link is open from when it was asked for until it ends, or its time does", () => {
	const now = new Date("2026-03-04T12:00:00Z");
	const line = (kind: string, linkId: string, expiresAt?: string) =>
		({ system: { kind: `SYSTEM_LINE_KIND_${kind}`, linkId, channel: "whatsapp", expiresAt } }) as Parameters<
			typeof openLinks
		>[0][number];
	const asked = line("LINK_REQUESTED", "a", "2026-03-04T12:15:00Z");
	expect(openLinks([asked], now)).toMatchObject([{ linkId: "a", state: "requested" }]);
	expect(openLinks([asked, line("LINK_MATCHED", "a")], now)).toMatchObject([
		{ linkId: "a", state: "matched" },
	]);
	for (const end of ["CANCELLED", "EXPIRED", "FAILED", "CONFIRMED"]) {
		expect(openLinks([asked, line(`LINK_${end}`, "a")], now)).toEqual([]);
	}
	expect(openLinks([asked], new Date("2026-03-04T12:16:00Z"))).toEqual([]);
});
