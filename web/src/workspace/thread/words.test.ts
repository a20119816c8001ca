import { expect, test } from "vitest";
import { phrases } from "../phrases.js";
import { de } from "./words.de.js";

test("in German the verb goes with who it is said of: the agent who reads, or another", () => {
	const { system, noteBy, you } = de(phrases("de"));
	expect(system.assignedSelf(you)).toBe("Sie haben es übernommen");
	expect(system.assignedSelf("Mia")).toBe("Mia hat es übernommen");
	expect(system.assigned("Mia", you)).toBe("Mia hat es an Sie zugewiesen");
	expect([noteBy(you), noteBy("Mia")]).toEqual(["Ihre Notiz", "Notiz von Mia"]);
});
