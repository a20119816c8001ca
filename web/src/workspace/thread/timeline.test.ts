import { expect, test } from "vitest";
import type { TimelineItemJson } from "../../gen/weiche/view/v1/timeline_pb.js";
import { apply, compare, groups, lastOfCustomer, named, prepend, type Timeline } from "./timeline.js";

const line = (position: string, more: Partial<TimelineItemJson> = {}): TimelineItemJson => ({
	position,
	changed: position,
	recordedAt: "2026-03-04T10:00:00Z",
	messageId: `m${position}`,
	customer: { channel: "widget", integrationId: "w" },
	...more,
});
const timeline = (lines: TimelineItemJson[], older = false): Timeline => ({
	lines,
	older,
	route: { version: "2" },
});
const positions = (one: Timeline) => one.lines.map((of) => of.position);

test("positions are compared as numbers, not as texts", () => {
	expect(compare("9", "10")).toBeLessThan(0);
	expect(compare("10", "10")).toBe(0);
	expect(compare("18446744073709551615", "18446744073709551614")).toBeGreaterThan(0);
});

test("a line takes its place by its position, whatever comes first", () => {
	const after = apply(timeline([line("9")]), { lines: [line("12"), line("10")] });
	expect(positions(after)).toEqual(["9", "10", "12"]);
});

test("what is told twice, or late, changes nothing", () => {
	const before = timeline([line("9", { changed: "20" })]);
	expect(apply(before, { lines: [line("9", { changed: "15", unsent: true })] })).toBe(before);
	const after = apply(before, { lines: [line("9", { changed: "21", unsent: true })] });
	expect(after.lines[0]?.unsent).toBe(true);
});

test("a change to a line before the first page waits for its page", () => {
	const before = timeline([line("50")], true);
	expect(positions(apply(before, { lines: [line("7", { changed: "60" }), line("51")] }))).toEqual([
		"50",
		"51",
	]);
	expect(positions(prepend(before, [line("7"), line("8")], false))).toEqual(["7", "8", "50"]);
	// Where all was read there is no other page in which it would come.
	expect(positions(apply(timeline([line("50")]), { lines: [line("7")] }))).toEqual(["7", "50"]);
});

test("an older route does not take the place of a newer one", () => {
	const before = timeline([line("1")]);
	expect(apply(before, { route: { version: "1" } }).route.version).toBe("2");
	expect(apply(before, { route: { version: "10" } }).route.version).toBe("10");
});

test("lines of one speaker on one channel stand together until they are apart in time, or the day ends", () => {
	const at = (time: string) => ({ recordedAt: `2026-03-04T${time}:00` });
	const all = groups([
		line("1", at("10:00")),
		line("2", at("10:05")),
		line("3", { ...at("10:06"), customer: { channel: "whatsapp", integrationId: "wa" } }),
		line("4", { ...at("10:07"), customer: undefined, agent: { agentId: "kim", channel: "whatsapp" } }),
		line("5", { ...at("10:08"), customer: undefined, agent: { agentId: "ben", channel: "whatsapp" } }),
		line("6", { ...at("10:09"), customer: undefined, note: { agentId: "ben" } }),
		line("7", { ...at("10:30"), customer: undefined, note: { agentId: "ben" } }),
		line("8", { recordedAt: "2026-03-05T00:01:00", customer: undefined, note: { agentId: "ben" } }),
	]);
	expect(all.map((group) => group.lines.map((one) => one.position).join())).toEqual([
		"1,2",
		"3",
		"4",
		"5",
		"6",
		"7",
		"8",
	]);
	expect(all.map((group) => group.day !== undefined)).toEqual([
		true,
		false,
		false,
		false,
		false,
		false,
		true,
	]);
});

test("what another line says beside it is left out", () => {
	const system = (kind: string, routeRule?: string) =>
		line("1", { customer: undefined, system: { kind, routeRule } as TimelineItemJson["system"] });
	expect(groups([system("SYSTEM_LINE_KIND_ROUTE_CHANGED", "ROUTE_RULE_STARTED")])).toEqual([]);
	expect(groups([system("SYSTEM_LINE_KIND_ROUTE_CHANGED", "ROUTE_RULE_CUSTOMER_WROTE")])).toHaveLength(1);
});

test("only what no agent has seen is to be seen", () => {
	expect(lastOfCustomer([line("1"), line("2")])).toBe("m2");
	expect(lastOfCustomer([line("1"), line("2", { customer: { seen: true } })])).toBe("");
	expect(lastOfCustomer([])).toBe("");
});

test("a group that grows at its beginning or its end stays the same on the page", () => {
	const names = new Map<string, string>();
	const keys = (...all: string[]) =>
		named(groups(all.map((one) => line(one))), names).map((group) => group.key);
	expect(keys("5", "6")).toEqual(["5"]);
	expect(keys("3", "4", "5", "6", "7")).toEqual(["5"]);
	expect(keys("3", "4", "5", "6", "7", "8")).toEqual(["5"]);
});
