import { expect, test } from "vitest";
import { find, move } from "./menu.js";

test("arrows go round, Home and End to the ends, and other keys nowhere", () => {
	expect(move("ArrowDown", 0, 3)).toBe(1);
	expect(move("ArrowDown", 2, 3)).toBe(0);
	expect(move("ArrowDown", -1, 3)).toBe(0);
	expect(move("ArrowUp", 0, 3)).toBe(2);
	expect(move("Home", 2, 3)).toBe(0);
	expect(move("End", 0, 3)).toBe(2);
	expect(move("x", 0, 3)).toBeUndefined();
});

test("typing finds what begins so, and the same letter the next of them", () => {
	const items = ["Messenger", "WhatsApp", "Mail"].map((text) => ({ text }));
	expect(find(items, "w", 0)).toBe(1);
	expect(find(items, "m", 0)).toBe(2);
	expect(find(items, "mm", 2)).toBe(0);
	expect(find(items, "ma", 0)).toBe(2);
	expect(find(items, "me", 0)).toBe(0);
	expect(find(items, "x", 0)).toBeUndefined();
});
