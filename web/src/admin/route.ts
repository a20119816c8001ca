/** Where in the admin center somebody is, as the address says it. */

/** The sections, in their order. */
export const sections = ["integrations", "widgets", "agents", "keys", "audit"] as const;

export type Section = (typeof sections)[number];

/** Route is a place: a section, and in it a thing, the page for a new one, or the list. */
export interface Route {
	section: Section;
	/** The id of a thing; empty for the list. "new" is the page for a new one. */
	id: string;
	/** More about it, such as the channel of a new integration. */
	detail: string;
}

const base = "/admin";

/** Reads a path. What is no section is the first. */
export function routeOf(path: string): Route {
	const [section = "", id = "", detail = ""] = path
		.slice(base.length)
		.split("/")
		.filter((part) => part)
		.map(decoded);
	const known = sections.find((one) => one === section);
	return known ? { section: known, id, detail } : { section: sections[0], id: "", detail: "" };
}

/** The path of a place. */
export function pathOf(section: Section, id = "", detail = ""): string {
	return [base, section, ...[id, detail].filter((part) => part).map(encodeURIComponent)].join("/");
}

function decoded(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		return part;
	}
}
