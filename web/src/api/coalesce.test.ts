import { expect, test } from "vitest";
import { coalesce } from "./coalesce.js";

test("however often it is asked for, one read is under way, and the last sees the newest", async () => {
	let newest = 0;
	let under = 0;
	const seen: number[] = [];
	const read = coalesce(async () => {
		expect(++under).toBe(1);
		const saw = newest;
		await Promise.resolve();
		seen.push(saw);
		under--;
	});
	const all: Promise<void>[] = [];
	for (newest = 1; newest <= 100; newest++) all.push(read());
	newest = 100;
	await Promise.all(all);
	expect(seen).toEqual([1, 100]);
	await read();
	expect(seen).toEqual([1, 100, 100]);
});
