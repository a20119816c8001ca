import { expect, test } from "vitest";
import { ago, channelName, day, languageOf, plural } from "./words.js";

test("the first language that there is, in whatever region", () => {
	expect(languageOf(["fr-FR", "de-AT", "en"])).toBe("de");
	expect(languageOf(["fr", "ar"])).toBe("en");
	expect(languageOf([])).toBe("en");
});

test("numbers choose their form", () => {
	expect(plural("en", 1, "# new message", "# new messages")).toBe("1 new message");
	expect(plural("en", 0, "# new message", "# new messages")).toBe("0 new messages");
	expect(plural("de", 1200, "# neue Nachricht", "# neue Nachrichten")).toBe("1.200 neue Nachrichten");
});

test("days are those of the reader's calendar", () => {
	const now = new Date(2026, 10, 23, 0, 10);
	expect(day("en", new Date(2026, 10, 22, 23, 59), now)).toBe("Yesterday");
	expect(day("de", new Date(2026, 10, 23, 0, 0), now)).toBe("Heute");
	expect(day("en", new Date(2026, 10, 1), now)).toBe("Sunday, November 1");
	expect(day("de", new Date(2025, 10, 1), now)).toBe("Samstag, 1. November 2025");
	// Over the change to winter time a day has 25 hours.
	expect(day("en", new Date(2026, 9, 24, 12), new Date(2026, 9, 25, 12))).toBe("Yesterday");
});

test("how long ago in the largest unit that fits", () => {
	const now = new Date(2026, 10, 23, 12);
	const before = (seconds: number) => ago("en", new Date(now.getTime() - seconds * 1000), now);
	expect([before(0), before(59), before(60), before(3 * 3600), before(2 * 86_400)]).toEqual([
		"now",
		"now",
		"1 min. ago",
		"3 hr. ago",
		"2 days ago",
	]);
});

test("channels have their names, and one that is new keeps its own", () => {
	expect(
		["whatsapp", "messenger", "instagram", "widget", "", "echo"].map((channel) =>
			channelName(channel, "Web chat"),
		),
	).toEqual(["WhatsApp", "Messenger", "Instagram", "Web chat", "Web chat", "echo"]);
});
