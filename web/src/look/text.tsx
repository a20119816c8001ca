/** What people wrote, as text and links and nothing else: it is never read as HTML. */

/** An address in a text: with its scheme, up to white space, without what ends a sentence. */
const address = /https?:\/\/[^\s<>"'`\u200b-\u200f\u2028-\u202e\u2066-\u2069]+/gi;
const endsSentence = /[.,;:!?)\]}\u00bb\u201d\u2019]+$/;

/** Piece is a part of a text: words, or words that are an address. */
export type Piece = { text: string; href?: string; host?: string };

/** Divides a text at the web addresses in it. */
export function pieces(text: string): Piece[] {
	const all: Piece[] = [];
	let from = 0;
	for (const match of text.matchAll(address)) {
		const found = match[0].replace(endsSentence, "");
		let url: URL;
		try {
			url = new URL(found);
		} catch {
			continue;
		}
		// A name before an @ is there to look like another host.
		if (url.username || url.password) continue;
		if (match.index > from) all.push({ text: text.slice(from, match.index) });
		all.push({ text: found, href: url.href, host: url.host });
		from = match.index + found.length;
	}
	if (from < text.length) all.push({ text: text.slice(from) });
	return all;
}

/** A text of somebody, in its own direction, with its links. */
export function Text({ text }: { text: string }) {
	return (
		<span class="words" dir="auto">
			{pieces(text).map((piece, at) =>
				piece.href ? (
					<a key={at} href={piece.href} title={piece.host} target="_blank" rel="noopener noreferrer nofollow">
						{piece.text}
					</a>
				) : (
					piece.text
				),
			)}
		</span>
	);
}
