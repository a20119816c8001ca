/** Signs are the glyphs that the chat on pages of others draws: few, as each is a part of what those load. */
export const signs = {
	close: "M6 6l12 12M18 6L6 18",
	back: "M15 5l-7 7 7 7",
	down: "M5 9l7 7 7-7",
	send: "M4 12l16-8-6 16-3-6z",
	attach: "M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.5 3.5 0 0 1 5 5l-8.5 8.5a2 2 0 0 1-3-3L14 7",
	retry: "M4 12a8 8 0 1 1 2.5 5.8M4 19v-5h5",
	check: "M5 12.5l4.5 4.5L19 7.5",
	clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2",
	alert: "M12 4l9 16H3zM12 10v4M12 17h.01",
	open: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
	unlink: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6M4 4l16 16M8 9.5l-3 3a4 4 0 0 0 6 6",
	web: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c5 5 5 13 0 18M12 3c-5 5-5 13 0 18",
	// The channels' own signs are their owners': these say what each is like.
	whatsapp: "M4.5 19.5L6 15.5a8 8 0 1 1 3 2.8zM9 9c0 3.5 2.5 6 6 6",
	messenger:
		"M12 4c-5 0-8.5 3.3-8.5 7.5 0 2.3 1 4.2 2.7 5.5V20l3-1.7c.9.2 1.8.3 2.8.3 5 0 8.5-3.3 8.5-7.5S17 4 12 4zM8 13l3-3 2.5 2.5L17 10",
	instagram:
		"M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM17 7h.01",
	file: "M6 3h8l5 5v13H6zM14 3v5h5",
	picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
	phone: "M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM11 18h2",
} as const;

export type SignName = keyof typeof signs;

/** A glyph, drawn as a path on a grid of 24: no font has to have it. */
export function Drawn({ path }: { path: string }) {
	return (
		<svg class="glyph" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
			<path d={path} />
		</svg>
	);
}

/** A sign beside a word that says the same, so hidden from those who hear the page. */
export function Sign({ name }: { name: SignName }) {
	return <Drawn path={signs[name]} />;
}

/** The sign of a channel; that of the web for one that has none. */
export function channelSign(channel: string): SignName {
	return channel === "whatsapp" || channel === "messenger" || channel === "instagram" ? channel : "web";
}
