import { expect, test } from "vitest";
import { backoff } from "./backoff.js";

test("the bound doubles from half a second to half a minute", () => {
	const bounds = Array.from({ length: 9 }, (_, tries) => backoff(tries + 1, () => 1));
	expect(bounds).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test("any wait below the bound may come", () => {
	expect(backoff(3, () => 0)).toBe(0);
	expect(backoff(3, () => 0.5)).toBe(1000);
});
