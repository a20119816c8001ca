import { expect, test } from "vitest";
import { openLinks } from "./link.js";

type Lines = Parameters<typeof openLinks>[0];
const line = (kind: string, linkId: string, at = 0, expiresAt?: string): Lines[number] =>
	({
		position: `${at}`,
		system: { kind: `SYSTEM_LINE_KIND_${kind}`, linkId, integrationId: "wa", channel: "whatsapp", expiresAt },
	}) as Lines[number];
const asked = line("LINK_REQUESTED", "a", 1, "2026-03-04T12:15:00Z");
const now = new Date("2026-03-04T12:10:00Z");
const wa = { integrationId: "wa" };

test("a link is open from when it was asked for until it ends, or its time does", () => {
	expect(openLinks([asked], [wa], now)).toMatchObject([{ linkId: "a", state: "requested" }]);
	expect(openLinks([asked, line("LINK_MATCHED", "a")], [wa], now)).toMatchObject([
		{ linkId: "a", state: "matched" },
	]);
	for (const end of ["CANCELLED", "EXPIRED", "FAILED", "CONFIRMED"]) {
		expect(openLinks([asked, line(`LINK_${end}`, "a")], [wa], now)).toEqual([]);
	}
	expect(openLinks([asked], [wa], new Date("2026-03-04T12:16:00Z"))).toEqual([]);
});

test("a link ends with its channel, and a new one is open where that is offered again", () => {
	const again = { ...wa, withdrawnPosition: "2" };
	expect(openLinks([asked], [], now)).toEqual([]);
	expect(openLinks([asked], [again], now)).toEqual([]);
	expect(openLinks([asked, line("LINK_MATCHED", "a")], [again], now)).toEqual([]);
	expect(openLinks([asked, line("LINK_REQUESTED", "b", 3)], [again], now)).toMatchObject([{ linkId: "b" }]);
});
