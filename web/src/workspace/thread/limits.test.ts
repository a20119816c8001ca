import { expect, test } from "vitest";
import type { ChannelLimitsJson } from "../../gen/weiche/workspace/v1/workspace_pb.js";
import { blocks, check, fateOf } from "./limits.js";

const instagram: ChannelLimitsJson = {
	text: { max: 1000, unit: "TEXT_UNIT_BYTES" },
	question: { max: 1000, unit: "TEXT_UNIT_BYTES" },
	media: [
		{ kind: "MEDIA_KIND_IMAGE", mimeTypes: ["image/png", "image/jpeg"], maxBytes: "8388608" },
		{ kind: "MEDIA_KIND_DOCUMENT", maxBytes: "26214400" },
	],
	links: true,
	buttons: 3,
	listRows: 10,
	buttonTitle: 20,
	rowTitle: 24,
};
const say = (text: string, buttons: string[] = [], files = 0) => check({ text, buttons, files }, instagram);

test("a length is counted as the channel counts it", () => {
	expect(say("a".repeat(900))).toEqual([]);
	expect(say("a".repeat(901))).toEqual([{ kind: "near", length: 901, max: 1000, bytes: true }]);
	expect(say("ü".repeat(501))).toEqual([{ kind: "split", length: 1002, max: 1000, bytes: true }]);
	const characters = { text: { max: 1000, unit: "TEXT_UNIT_CHARACTERS" } } as const;
	expect(check({ text: "ü".repeat(900), buttons: [], files: 0 }, characters)).toEqual([]);
	expect(check({ text: "\u{1f600}".repeat(900), buttons: [], files: 0 }, characters)).toEqual([]);
});

test("only what the server does not take keeps from sending", () => {
	const [finding] = say("a".repeat(16_385));
	expect(finding).toEqual({ kind: "too_long", length: 16_385, max: 16_384, bytes: true });
	expect(finding && blocks(finding)).toBe(true);
	expect(say("a".repeat(5000)).some(blocks)).toBe(false);
	expect(say("text", [], 10).some(blocks)).toBe(true);
	expect(say("", [], 10)).toEqual([]);
});

test("buttons that a channel does not show say what they become", () => {
	expect(say("?", ["Yes", "No"])).toEqual([]);
	expect(say("?", ["1", "2", "3", "4"])).toEqual([{ kind: "buttons_as_list" }]);
	expect(
		say(
			"?",
			Array.from({ length: 11 }, (_, n) => String(n)),
		),
	).toEqual([{ kind: "buttons_as_text" }]);
	expect(say("?", ["a title longer than 20 characters"])).toEqual([{ kind: "titles_cut", max: 20 }]);
	// Cut they would be the same.
	expect(say("?", [`${"a".repeat(20)}b`, `${"a".repeat(20)}c`])).toEqual([{ kind: "buttons_as_text" }]);
});

test("a file that the channel does not take goes as a link, or not at all", () => {
	expect(fateOf({ size: 1, type: "image/png" }, instagram)).toEqual({ kind: "fits" });
	expect(fateOf({ size: 9 << 20, type: "image/png" }, instagram)).toEqual({
		kind: "link",
		because: "size",
		max: 8_388_608,
	});
	expect(fateOf({ size: 1, type: "image/heic" }, instagram)).toEqual({
		kind: "link",
		because: "type",
		max: 0,
	});
	expect(fateOf({ size: 1, type: "image/heic" }, { ...instagram, links: false }).kind).toBe("refused");
	expect(fateOf({ size: 1, type: "application/zip" }, instagram)).toEqual({ kind: "fits" });
	expect(fateOf({ size: 0, type: "image/png" }, instagram).kind).toBe("refused");
	expect(fateOf({ size: (100 << 20) + 1, type: "text/plain" }, undefined).kind).toBe("refused");
});
