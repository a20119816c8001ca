/** Where in the workspace somebody is, which is what the address says. */

import { Store } from "../look/store.js";

/** The views of the inbox, in the order in which they are shown. */
export const views = ["mine", "unassigned", "all", "closed"] as const;
export type View = (typeof views)[number];

/** Place is a view of the inbox, what it is narrowed to, and the conversation that is open. */
export interface Place {
	view: View;
	/** The conversation that is open; empty for none. */
	conversationId: string;
	/** Only conversations on this channel; empty for all. */
	channel: string;
	/** Only conversations with this label; empty for all. */
	label: string;
}

const root = "/workspace/";

/** Reads the place of an address; what it does not say is as at the beginning. */
export function placeOf(url: URL): Place {
	const [view = "", conversation = ""] = url.pathname.slice(root.length).split("/");
	return {
		view: views.find((one) => one === view) ?? "all",
		conversationId: decoded(conversation),
		channel: url.searchParams.get("channel") ?? "",
		label: url.searchParams.get("label") ?? "",
	};
}

/** The address of a place, without the origin. */
export function addressOf(place: Place): string {
	return addresses(place)(place.conversationId);
}

/** The addresses of all conversations in a list: for many rows, which differ in nothing else. */
export function addresses({
	view,
	channel,
	label,
}: Omit<Place, "conversationId">): (conversationId: string) => string {
	const query = new URLSearchParams();
	if (channel) query.set("channel", channel);
	if (label) query.set("label", label);
	const after = query.size ? `?${query}` : "";
	return (id) => root + view + (id && `/${encodeURIComponent(id)}`) + after;
}

function decoded(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		return "";
	}
}

/** Places is where the page is, in step with the browser's history. */
export class Places extends Store<Place> {
	/** Begins where the address says, and follows it. */
	static ofPage(): Places {
		const places = new Places(placeOf(new URL(location.href)));
		addEventListener("popstate", () => places.update(() => placeOf(new URL(location.href))));
		return places;
	}

	/** The address of a place near this one. */
	address(change: Partial<Place>): string {
		return addressOf({ ...this.value, ...change });
	}

	/** Goes to a place near this one; back leads here again unless it takes this one's place. */
	go(change: Partial<Place>, replace = false): void {
		const next = { ...this.value, ...change };
		if (addressOf(next) === addressOf(this.value)) return;
		history[replace ? "replaceState" : "pushState"](null, "", addressOf(next));
		this.update(() => next);
	}
}
