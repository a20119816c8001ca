import { expect, test } from "vitest";
import { differences, merged } from "./edited.js";

const before = { name: "Shop", colour: "", offers: ["wa"], texts: { en: "Hi" } };

test("drafts differ in the fields whose values do", () => {
	expect(differences(before, { ...before, offers: ["wa"], texts: { en: "Hi" } })).toEqual([]);
	expect(differences(before, { ...before, offers: [], texts: { en: "Ho" } })).toEqual(["offers", "texts"]);
});

test("what was changed here is put over theirs, and the rest stays as they made it", () => {
	const mine = { ...before, name: "Mine", offers: [] };
	const theirs = { ...before, name: "Theirs", colour: "#0b57d0" };
	expect(merged(before, mine, theirs)).toEqual({
		name: "Mine",
		colour: "#0b57d0",
		offers: [],
		texts: { en: "Hi" },
	});
	expect(merged(before, before, theirs)).toEqual(theirs);
});
