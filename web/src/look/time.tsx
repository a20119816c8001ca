/** Times that say how long ago something was, and stay right. */

import { useEffect, useState } from "preact/hooks";
import { Store } from "./store.js";
import { ago } from "./words.js";

/** How often the words are looked at again, in milliseconds. */
const often = 20_000;

/** Clock is the time of now, as precise as words for people need it. It runs while somebody looks. */
class Clock extends Store<number> {
	private watching = 0;
	private timer: ReturnType<typeof setInterval> | undefined;

	override watch(watcher: () => void): () => void {
		const stop = super.watch(watcher);
		if (this.watching++ === 0) {
			this.update(Date.now);
			this.timer = setInterval(() => this.update(Date.now), often);
		}
		let stopped = false;
		return () => {
			stop();
			if (!stopped && --this.watching === 0) clearInterval(this.timer);
			stopped = true;
		};
	}
}

const clock = new Clock(Date.now());

/** The time; who uses it is drawn again as often as words for people need it. */
export function useNow(): Date {
	const [now, setNow] = useState(() => new Date());
	useEffect(() => clock.watch(() => setNow(new Date())), []);
	return now;
}

/** What make makes of now; who uses it is drawn again when that changes, and not at each tick. */
export function useSaid(make: (now: Date) => string): string {
	const [, redraw] = useState({});
	const text = make(new Date());
	useEffect(() => clock.watch(() => make(new Date()) !== text && redraw({})), [text]);
	return text;
}

/** How long ago something was, with the exact time for who rests on it. */
export function Ago({ at, language }: { at: string; language: string }) {
	const when = new Date(at);
	const text = useSaid((now) => shortly(language, when, now));
	const exact = when.toLocaleString(language, { dateStyle: "full", timeStyle: "short" });
	return (
		<time dateTime={at} title={exact}>
			{text}
		</time>
	);
}

/** The same up to a week; the date before that. */
export function shortly(language: string, at: Date, now: Date): string {
	if (now.getTime() - at.getTime() < 7 * 86_400_000) return ago(language, at, now);
	const year = at.getFullYear() === now.getFullYear() ? {} : ({ year: "numeric" } as const);
	return at.toLocaleDateString(language, { day: "numeric", month: "short", ...year });
}

/** How long something has lasted in its largest unit, such as "12 min". */
export function lasting(language: string, since: Date, now: Date): string {
	const minutes = Math.max(0, Math.floor((now.getTime() - since.getTime()) / 60_000));
	const [amount, unit] =
		minutes < 60
			? [minutes, "minute"]
			: minutes < 1440
				? [Math.floor(minutes / 60), "hour"]
				: [Math.floor(minutes / 1440), "day"];
	return amount.toLocaleString(language, { style: "unit", unit, unitDisplay: "short" });
}
