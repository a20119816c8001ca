/** Opening hours as they are typed: times of the day for each day of the week. */

import type { OpeningHoursJson, WeekdayJson } from "../../gen/weiche/event/v1/appearance_pb.js";

/** The days of the week, from Monday. */
export const weekdays = [
	"WEEKDAY_MONDAY",
	"WEEKDAY_TUESDAY",
	"WEEKDAY_WEDNESDAY",
	"WEEKDAY_THURSDAY",
	"WEEKDAY_FRIDAY",
	"WEEKDAY_SATURDAY",
	"WEEKDAY_SUNDAY",
] as const satisfies readonly WeekdayJson[];

export type Weekday = (typeof weekdays)[number];

/** Span is a time of a day, as 09:00 to 17:00. The end 00:00 is midnight at the end of it. */
export interface Span {
	from: string;
	to: string;
}

/** Hours are when somebody is there. */
export interface Hours {
	/** Somebody always is. */
	always: boolean;
	timeZone: string;
	days: Record<Weekday, Span[]>;
}

const usual: Span = { from: "09:00", to: "17:00" };
const dayEnds = 1440;

function eachDay(spans: (day: Weekday, at: number) => Span[]): Record<Weekday, Span[]> {
	return Object.fromEntries(weekdays.map((day, at) => [day, spans(day, at)])) as Record<Weekday, Span[]>;
}

/** Always, with usual hours on working days for who does not want that. */
export function emptyHours(timeZone: string): Hours {
	return { always: true, timeZone, days: eachDay((_, at) => (at < 5 ? [{ ...usual }] : [])) };
}

/** The hours of a widget that there is. */
export function hoursOf(hours: OpeningHoursJson | undefined, timeZone: string): Hours {
	const times = hours?.times ?? [];
	if (times.length === 0) return emptyHours(hours?.timeZone || timeZone);
	return {
		always: false,
		timeZone: hours?.timeZone || timeZone,
		days: eachDay((day) =>
			times
				.filter((time) => time.weekday === day)
				.map((time) => ({ from: clockOf(time.fromMinute ?? 0), to: clockOf(time.toMinute ?? 0) }))
				.sort((a, b) => a.from.localeCompare(b.from)),
		),
	};
}

/** The hours as they are saved; nothing where somebody is always there. */
export function hoursSetup(hours: Hours): { hours?: OpeningHoursJson } {
	if (hours.always) return {};
	return {
		hours: {
			timeZone: hours.timeZone,
			times: weekdays.flatMap((weekday) =>
				hours.days[weekday].map(({ from, to }) => ({
					weekday,
					fromMinute: minuteOf(from),
					toMinute: minuteOf(to) || dayEnds,
				})),
			),
		},
	};
}

/** The days of which a time does not begin before it ends; "" where no day has any. */
export function wrongTimes(hours: Hours): (Weekday | "")[] {
	if (hours.always) return [];
	const spans = weekdays.flatMap((day) => hours.days[day]);
	if (spans.length === 0) return [""];
	return weekdays.filter((day) =>
		hours.days[day].some(({ from, to }) => !from || !to || minuteOf(from) >= (minuteOf(to) || dayEnds)),
	);
}

/** The span that is added to a day: the usual one, or what comes after the last. */
export function nextSpan(spans: readonly Span[]): Span {
	const last = spans.at(-1);
	if (!last) return { ...usual };
	const from = Math.min(minuteOf(last.to) + 60, dayEnds - 120);
	return { from: clockOf(from), to: clockOf(from + 60) };
}

/** The name of a day in a language. */
export function dayName(language: string, day: Weekday): string {
	// 5 January 1970 was a Monday.
	const at = new Date(Date.UTC(1970, 0, 5 + weekdays.indexOf(day)));
	return at.toLocaleDateString(language, { weekday: "long", timeZone: "UTC" });
}

/** A time of the day in minutes after midnight. */
export function minuteOf(clock: string): number {
	const [hour = "0", minute = "0"] = clock.split(":");
	return Number(hour) * 60 + Number(minute);
}

function clockOf(minute: number): string {
	const within = minute % dayEnds;
	return `${String(Math.floor(within / 60)).padStart(2, "0")}:${String(within % 60).padStart(2, "0")}`;
}

/** When somebody is there again, by the clock of this device; tomorrow where no day has a time. */
export function nextOpening(hours: Hours, now: Date): Date {
	for (let ahead = 1; ahead <= 7; ahead++) {
		const day = weekdays[(now.getDay() + 6 + ahead) % 7];
		const from = day && hours.days[day][0]?.from;
		if (from) return new Date(now.getFullYear(), now.getMonth(), now.getDate() + ahead, 0, minuteOf(from));
	}
	return new Date(now.getTime() + 86_400_000);
}
