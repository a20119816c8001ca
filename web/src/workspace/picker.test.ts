import { expect, test } from "vitest";
import { type Choice, matching } from "./picker.js";

function choice(text: string, hint?: string): Choice {
	return { id: text, text, hint, choose: () => {} };
}

const names = [
	choice("Close conversation"),
	choice("José Müller", "where is my order"),
	choice("Order desk"),
];

test("nothing typed leaves all, in their order", () => {
	expect(matching(names, " ")).toEqual(names);
});

test("every word has to be there, whatever its case and accents", () => {
	expect(matching(names, "jose MULLER").map((one) => one.text)).toEqual(["José Müller"]);
	expect(matching(names, "jose close")).toEqual([]);
});

test("what begins with it comes first", () => {
	expect(matching(names, "order").map((one) => one.text)).toEqual(["Order desk", "José Müller"]);
});
