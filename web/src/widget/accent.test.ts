import { expect, test } from "vitest";
import { accentOf, contrast, parse } from "./accent.js";

test("whatever the colour, what is written on it and in it can be read", () => {
	for (const hex of [
		"#ffd400",
		"#7a2bd6",
		"#000000",
		"#ffffff",
		"#808080",
		"#00ff00",
		"#e11d48",
		"#0b57d0",
	]) {
		const accent = accentOf(hex);
		if (!accent) throw new Error(hex);
		expect(contrast(parse(accent.fill), parse(accent.on)), `on ${hex}`).toBeGreaterThanOrEqual(4.5);
		expect(contrast(parse(accent.light), parse("#ffffff")), `${hex} on light`).toBeGreaterThanOrEqual(4.5);
		expect(contrast(parse(accent.dark), parse("#16191d")), `${hex} on dark`).toBeGreaterThanOrEqual(4.5);
	}
});

test("a colour that can be read stays as it is, and what is none is none", () => {
	expect(accentOf("#0b57d0")?.light).toBe("#0b57d0");
	expect(accentOf("red")).toBeUndefined();
	expect(accentOf("")).toBeUndefined();
});
