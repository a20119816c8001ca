/** How far the page of a channel is that the customer wants to go on over. */

import type { LinkJson } from "../../gen/weiche/widget/v1/widget_pb.js";

/** Why a link came to nothing. */
export type End =
	/** The time ran out. */
	| "expired"
	/** The account belongs to another chat. */
	| "in_use"
	/** The customer said no over there. */
	| "declined"
	/** A newer code for the same channel took its place. */
	| "replaced"
	/** Somebody ended it, here or there. */
	| "cancelled"
	/** The channel is not offered any more. */
	| "withdrawn"
	/** Something else went wrong. */
	| "failed"
	/** The server could not be asked. */
	| "unreachable";

/** Linking is one visit to the page of a channel. */
export type Linking =
	/** A code is being fetched. */
	| { at: "asking" }
	/** The code waits to be brought, for so many minutes, where this device's clock can tell. */
	| { at: "waiting"; link: LinkJson; minutes: number | undefined }
	/** Somebody brought it, and has to confirm. */
	| { at: "matched"; link: LinkJson }
	/** It is done. */
	| { at: "connected"; link: LinkJson }
	/** It came to nothing; link is the one that did, where there was one. */
	| { at: "ended"; why: End; link?: LinkJson };

/** The longest life of a code, and what clocks may differ by, in milliseconds. */
const longestLife = 61 * 60_000;

const ends: Record<string, End> = {
	customer: "cancelled",
	answered_no: "declined",
	replaced: "replaced",
	withdrawn: "withdrawn",
	bound_elsewhere: "in_use",
};

/** The page after the answer to a request for a code, at a time of this device's clock. */
export function asked(link: LinkJson, now: number): Linking {
	const life = Date.parse(link.expiresAt ?? "") - now;
	const minutes = life > 0 && life <= longestLife ? minutesLeft(link, now) : undefined;
	return tell({ at: "waiting", link, minutes }, link);
}

/**
 * The page after news of a link of its integration. News of the link that is shown come
 * without its code, which stays. Another link that waits has taken its place; one that
 * somebody has brought is followed, whoever asked for it.
 */
export function told(page: Linking, news: LinkJson): Linking {
	if (page.at === "asking") return page;
	const ours = page.link?.linkId === news.linkId;
	// A reading that was overtaken by the end is too late.
	if (ours && over(page.link) && !over(news)) return page;
	if (!ours && news.state === "LINK_STATE_WAITING") {
		return page.at === "waiting" ? { at: "ended", why: "replaced", link: page.link } : page;
	}
	if (!ours && news.state !== "LINK_STATE_MATCHED" && news.state !== "LINK_STATE_CONNECTED") return page;
	// What is asked is in each of them, or not; code and address are not, and stay.
	return tell(page, ours ? { ...page.link, ...news, asks: news.asks } : news);
}

/** Whether the server has said that a link has ended. */
function over(link: LinkJson | undefined): boolean {
	return !["LINK_STATE_WAITING", "LINK_STATE_MATCHED", undefined].includes(link?.state);
}

function tell(page: Linking, link: LinkJson): Linking {
	switch (link.state) {
		case "LINK_STATE_MATCHED":
			return { at: "matched", link };
		case "LINK_STATE_CONNECTED":
			return { at: "connected", link };
		case "LINK_STATE_EXPIRED":
			return { at: "ended", why: "expired", link };
		case "LINK_STATE_CANCELLED":
			return { at: "ended", why: ends[link.reason ?? ""] ?? "cancelled", link };
		case "LINK_STATE_FAILED":
			return { at: "ended", why: ends[link.reason ?? ""] ?? "failed", link };
	}
	// What waited and was brought does not wait again: this was told too late.
	return page.at === "waiting" ? { ...page, link } : page;
}

/** The page at a time of this device's clock: a code whose time has run out is not shown. */
export function ticked(page: Linking, now: number): Linking {
	if (page.at !== "waiting" || page.minutes === undefined) return page;
	const minutes = minutesLeft(page.link, now);
	if (minutes === 0) return { at: "ended", why: "expired", link: page.link };
	return minutes === page.minutes ? page : { ...page, minutes };
}

/** The minutes that a link has left, begun ones counted in full. */
export function minutesLeft(link: LinkJson, now: number): number {
	return Math.max(0, Math.ceil((Date.parse(link.expiresAt ?? "") - now) / 60_000));
}
