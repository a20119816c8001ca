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

test("whoever asks around the end of a read is heard", async () => {
	for (let moments = 0; moments < 10; moments++) {
		let reads = 0;
		const read = coalesce(async () => {
			reads++;
			await Promise.resolve();
		});
		void read();
		for (let moment = 0; moment < moments; moment++) await Promise.resolve();
		await read();
		expect(reads, `asked ${moments} moments after the first`).toBe(2);
	}
});
