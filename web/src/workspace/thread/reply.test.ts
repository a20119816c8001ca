import { expect, test } from "vitest";
import type { BindingJson, RouteJson } from "../../gen/weiche/view/v1/route_pb.js";
import { minutesLeft, plan, windowHours } from "./reply.js";

const now = new Date("2026-03-04T12:00:00Z");
const hours = (n: number) => new Date(now.getTime() + n * 3_600_000).toISOString();

const widget: BindingJson = {
	integrationId: "shop",
	identityId: "i0",
	channel: "widget",
	activeAt: hours(-30),
};
const whatsapp = (left: number, more: BindingJson = {}): BindingJson => ({
	integrationId: "wa",
	identityId: "i1",
	channel: "whatsapp",
	activeAt: hours(left - 24),
	windowEndsAt: hours(left),
	...more,
});
const messenger: BindingJson = {
	integrationId: "ms",
	identityId: "i2",
	channel: "messenger",
	activeAt: hours(-2),
	windowEndsAt: hours(22),
};
const route = (...bindings: BindingJson[]): RouteJson => ({ version: "3", bindings });
const told = (of: RouteJson, pinned = "") => {
	const { to, rule, passed } = plan(of, pinned, now);
	return [to?.integrationId, rule, ...passed.map((one) => `${one.binding.integrationId}:${one.reason}`)];
};

test("a reply goes to the channel that was used last", () => {
	expect(told(route(whatsapp(3), widget))).toEqual(["wa", "last_used"]);
	expect(told(route(widget, whatsapp(3)))).toEqual(["shop", "last_used"]);
});

test("a closed window leads to the web chat, not to the next channel", () => {
	expect(told(route(whatsapp(-1), messenger, widget))).toEqual([
		"shop",
		"window_closed",
		"wa:PASSED_OVER_REASON_WINDOW_CLOSED",
	]);
});

test("a window closes while somebody looks, without a word of the server", () => {
	const open = route(whatsapp(0.01), widget);
	expect(plan(open, "", now).to?.integrationId).toBe("wa");
	expect(plan(open, "", new Date(now.getTime() + 60_000)).to?.integrationId).toBe("shop");
});

test("without a web chat a closed window leaves no place", () => {
	expect(told(route(whatsapp(-1)))).toEqual([
		undefined,
		"window_closed",
		"wa:PASSED_OVER_REASON_WINDOW_CLOSED",
	]);
	expect(told(route())).toEqual([undefined, "last_used"]);
});

test("a channel that is not served is passed over for the next", () => {
	expect(told(route(whatsapp(3, { unhealthy: { reason: "token_refused" } }), messenger, widget))).toEqual([
		"ms",
		"fallback",
		"wa:PASSED_OVER_REASON_UNHEALTHY",
	]);
	expect(told(route(whatsapp(3, { unconfirmed: true }), widget))).toEqual([
		"shop",
		"fallback",
		"wa:PASSED_OVER_REASON_UNCONFIRMED",
	]);
});

test("what the agent chose goes first, and what is not there any more is not chosen", () => {
	expect(told(route(whatsapp(3), messenger, widget), "ms")).toEqual(["ms", "named"]);
	expect(told(route(whatsapp(3), messenger, widget), "shop")).toEqual(["shop", "named"]);
	expect(told(route(whatsapp(3), widget), "ms")).toEqual(["wa", "last_used"]);
});

test("a person may answer for seven days where the channel allows it", () => {
	const late: BindingJson = {
		...messenger,
		activeAt: hours(-30),
		windowEndsAt: hours(-6),
		humanUntil: hours(138),
	};
	const found = plan(route(late, widget), "", now);
	expect([found.to?.integrationId, found.human]).toEqual(["ms", true]);
	expect(windowHours(late)).toBe(168);
	expect(windowHours(whatsapp(1))).toBe(24);
});

test("a window is counted down from two hours before its end", () => {
	expect(minutesLeft(new Date(hours(2.01)), now)).toBeUndefined();
	expect(minutesLeft(new Date(hours(2)), now)).toBe(120);
	expect(minutesLeft(new Date(now.getTime() + 46.2 * 60_000), now)).toBe(47);
	expect(minutesLeft(new Date(now.getTime() + 1), now)).toBe(1);
	expect(minutesLeft(now, now)).toBeUndefined();
	expect(minutesLeft(undefined, now)).toBeUndefined();
});
