import { describe, expect, test } from "vitest";
import type { LinkJson } from "../../gen/weiche/widget/v1/widget_pb.js";
import { asked, type Linking, minutesLeft, ticked, told } from "./link.js";

const noon = Date.parse("2026-11-23T12:00:00Z");
const waiting: LinkJson = {
	linkId: "l1",
	integrationId: "whatsapp",
	channel: "whatsapp",
	state: "LINK_STATE_WAITING",
	code: "ABCD",
	url: "https://wa.me/15550100001?text=ABCD",
	expiresAt: "2026-11-23T12:15:00Z",
};
const shown = asked(waiting, noon);

/** News of a link as a stream tells them: without code and address. */
function news(state: LinkJson["state"], more: Partial<LinkJson> = {}): LinkJson {
	return { linkId: "l1", integrationId: "whatsapp", channel: "whatsapp", state, ...more };
}

describe("a link", () => {
	test("waits, is confirmed and connected, and keeps its code on the way", () => {
		expect(shown).toEqual({ at: "waiting", link: waiting, minutes: 15 });
		const matched = told(shown, news("LINK_STATE_MATCHED", { hint: "67" }));
		expect(matched).toMatchObject({ at: "matched", link: { hint: "67", code: "ABCD" } });
		expect(told(matched, news("LINK_STATE_CONNECTED")).at).toBe("connected");
	});

	const outcomes: [state: LinkJson["state"], reason: string, why: string][] = [
		["LINK_STATE_EXPIRED", "", "expired"],
		["LINK_STATE_CANCELLED", "customer", "cancelled"],
		["LINK_STATE_CANCELLED", "answered_no", "declined"],
		["LINK_STATE_CANCELLED", "replaced", "replaced"],
		["LINK_STATE_CANCELLED", "withdrawn", "withdrawn"],
		["LINK_STATE_CANCELLED", "agent", "cancelled"],
		["LINK_STATE_FAILED", "bound_elsewhere", "in_use"],
		["LINK_STATE_FAILED", "something new", "failed"],
	];
	test.each(outcomes)("that is %s for %s ends as that", (state, reason, why) => {
		expect(told(shown, news(state, { reason }))).toMatchObject({ at: "ended", why });
	});

	test("that was brought does not wait again, and one that is done stays so", () => {
		const matched = told(shown, news("LINK_STATE_MATCHED"));
		expect(told(matched, waiting)).toBe(matched);
		const connected = told(matched, news("LINK_STATE_CONNECTED"));
		expect(told(connected, waiting)).toBe(connected);
	});

	test("asks until the visitor has said that it was they", () => {
		const asks = told(shown, news("LINK_STATE_MATCHED", { asks: true }));
		expect(asks).toMatchObject({ at: "matched", link: { asks: true } });
		expect(told(asks, news("LINK_STATE_MATCHED"))).toMatchObject({
			at: "matched",
			link: { asks: undefined },
		});
	});

	test("that expired here may have been brought in time", () => {
		const expired = ticked(shown, noon + 16 * 60_000);
		expect(told(expired, news("LINK_STATE_MATCHED")).at).toBe("matched");
	});

	test("is replaced by one that another window asked for", () => {
		const other = news("LINK_STATE_WAITING", { linkId: "l2" });
		expect(told(shown, other)).toMatchObject({ at: "ended", why: "replaced" });
		const matched = told(shown, news("LINK_STATE_MATCHED"));
		expect(told(matched, other)).toBe(matched);
	});

	test("of another window is followed once somebody brought it", () => {
		const replaced = told(shown, news("LINK_STATE_WAITING", { linkId: "l2" }));
		const matched = told(replaced, news("LINK_STATE_MATCHED", { linkId: "l2", hint: "67" }));
		expect(matched).toMatchObject({ at: "matched", link: { linkId: "l2", hint: "67" } });
		expect(told(shown, news("LINK_STATE_EXPIRED", { linkId: "l0" }))).toBe(shown);
	});

	test("that is being asked for hears nothing", () => {
		const asking: Linking = { at: "asking" };
		expect(told(asking, news("LINK_STATE_WAITING"))).toBe(asking);
	});
});

describe("the clock", () => {
	test("counts minutes down to the end", () => {
		expect(minutesLeft(waiting, noon)).toBe(15);
		expect(minutesLeft(waiting, noon + 1)).toBe(15);
		expect(minutesLeft(waiting, noon + 60_000)).toBe(14);
		expect(ticked(shown, noon + 59_999)).toBe(shown);
		expect(ticked(shown, noon + 60_000)).toMatchObject({ at: "waiting", minutes: 14 });
		expect(ticked(shown, noon + 15 * 60_000 - 1)).toMatchObject({ at: "waiting", minutes: 1 });
		expect(ticked(shown, noon + 15 * 60_000)).toMatchObject({ at: "ended", why: "expired" });
	});

	test("of a device that goes wrong ends nothing", () => {
		for (const wrong of [noon + 20 * 60_000, noon - 3 * 3_600_000]) {
			const page = asked(waiting, wrong);
			expect(page).toMatchObject({ at: "waiting", minutes: undefined });
			expect(ticked(page, wrong + 60 * 60_000)).toBe(page);
		}
	});
});

test("a reading that the end has overtaken changes nothing", () => {
	const matched = { linkId: "late", integrationId: "i", state: "LINK_STATE_MATCHED" } as const;
	const page = { at: "matched", link: matched } as const;
	const ended = told(page, { ...matched, state: "LINK_STATE_CANCELLED" });
	expect(ended.at).toBe("ended");
	expect(told(ended, matched)).toBe(ended);
});
