import { expect, test } from "vitest";
import { commandOf, doerOf } from "./event.js";

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
