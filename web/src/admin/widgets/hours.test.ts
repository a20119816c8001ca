import { expect, test } from "vitest";
import { emptyHours, hoursOf, hoursSetup, nextOpening, nextSpan, wrongTimes } from "./hours.js";

const monday = (from: string, to: string) => {
	const hours = { ...emptyHours("UTC"), always: false };
	return { ...hours, days: { ...hours.days, WEEKDAY_MONDAY: [{ from, to }] } };
};

test("midnight at the end of a day is kept", () => {
	const times = hoursSetup(monday("22:00", "00:00")).hours?.times ?? [];
	expect(times[0]).toEqual({ weekday: "WEEKDAY_MONDAY", fromMinute: 1320, toMinute: 1440 });
	expect(hoursOf({ timeZone: "UTC", times }, "").days.WEEKDAY_MONDAY).toEqual([
		{ from: "22:00", to: "00:00" },
	]);
});

test("who is always there has no hours, and no hours are always", () => {
	expect(hoursSetup(emptyHours("UTC"))).toEqual({});
	expect(hoursOf({ timeZone: "Asia/Tokyo" }, "UTC")).toMatchObject({ always: true, timeZone: "Asia/Tokyo" });
});

test("a time begins before it ends, and some day has one", () => {
	expect(wrongTimes(monday("09:00", "17:00"))).toEqual([]);
	expect(wrongTimes(monday("17:00", "09:00"))).toEqual(["WEEKDAY_MONDAY"]);
	expect(wrongTimes(monday("09:00", "09:00"))).toEqual(["WEEKDAY_MONDAY"]);
	expect(wrongTimes(monday("", "09:00"))).toEqual(["WEEKDAY_MONDAY"]);
	const none = monday("09:00", "17:00");
	for (const day of Object.keys(none.days) as (keyof typeof none.days)[]) none.days[day] = [];
	expect(wrongTimes(none)).toEqual([""]);
	expect(wrongTimes({ ...none, always: true })).toEqual([]);
});

test("a time that is added is one that can be saved", () => {
	expect(nextSpan([])).toEqual({ from: "09:00", to: "17:00" });
	expect(nextSpan([{ from: "09:00", to: "12:00" }])).toEqual({ from: "13:00", to: "14:00" });
	const late = nextSpan([{ from: "09:00", to: "23:30" }]);
	expect(wrongTimes(monday(late.from, late.to))).toEqual([]);
});

test("somebody is there again at the beginning of the next day that has a time", () => {
	const friday = new Date(2026, 2, 6, 20, 0);
	expect(nextOpening(emptyHours("UTC"), friday)).toEqual(new Date(2026, 2, 9, 9, 0));
	const wednesday = new Date(2026, 2, 4, 20, 0);
	expect(nextOpening(emptyHours("UTC"), wednesday)).toEqual(new Date(2026, 2, 5, 9, 0));
});
