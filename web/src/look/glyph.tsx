import { channelSign, Drawn, signs } from "./sign.js";

/** Glyphs are those of all pages: more than the chat has. */
const paths = {
	...signs,
	chat: "M4 5h16v11H9l-5 4z",
	forward: "M9 5l7 7-7 7",
	more: "M5 12h.01M12 12h.01M19 12h.01",
	checks: "M2 12.5l4.5 4.5L15 8M11 16l1 1L22 7.5",
	lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
	person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20a7.5 7.5 0 0 1 15 0",
	people:
		"M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2.5 19a6.5 6.5 0 0 1 13 0M16 5.3a3.5 3.5 0 0 1 0 6.4M18 13.5a6.5 6.5 0 0 1 3.5 5.5",
	label: "M4 4h8l8 8-8 8-8-8zM8 8h.01",
	search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5",
	filter: "M4 6h16M7 12h10M10 18h4",
	settings: "M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4",
	copy: "M9 9h11v11H9zM5 15H4V4h11v1",
	link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1-1",
	plus: "M12 5v14M5 12h14",
	pin: "M9 4h6l-1 6 4 4H6l4-4zM12 14v6",
	key: "M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM11 12l9-9M16 7l3 3",
	note: "M5 4h14v10l-6 6H5zM19 14h-6v6",
	scan: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M4 12h16",
	help: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .9-1 1.7M12 17h.01",
	logout: "M14 4h5v16h-5M4 12h11M11 8l4 4-4 4",
	history: "M4 12a8 8 0 1 1 2.5 5.8M4 19v-5h5M12 8v4l3 2",
	panel: "M4 5h16v14H4zM14 5v14",
	route: "M6 4a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM18 16a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM6 8v6a4 4 0 0 0 4 4h6",
	smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8.5 14a4 4 0 0 0 7 0M9 9.5h.01M15 9.5h.01",
	quote: "M10 7l-5 5 5 5M5 12h9a5 5 0 0 1 5 5v1",
	buttons: "M4 5h16v6H4zM4 15h10v4H4z",
	template: "M5 4h14v16H5zM8.5 8h7M8.5 12h7M8.5 16h3",
} as const;

export type GlyphName = keyof typeof paths;

/** A glyph beside a word that says the same, so hidden from those who hear the page. */
export function Glyph({ name }: { name: GlyphName }) {
	return <Drawn path={paths[name]} />;
}

/** The glyph of a channel; that of the web for one that has none. */
export const channelGlyph: (channel: string) => GlyphName = channelSign;
