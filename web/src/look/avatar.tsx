/** A sign for somebody: the first letters of the name. */

/** The letters of a name: of its first and its last word. */
export function initials(name: string): string {
	const words = name.trim().split(/\s+/).filter(Boolean);
	const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
	return letters
		.map((word) => [...(word ?? "")].find((letter) => /[\p{L}\p{N}]/u.test(letter)) ?? "")
		.join("")
		.toUpperCase();
}

/** A circle with the letters, beside or instead of the name: hidden from those who hear the page. */
export function Avatar({ name, large }: { name: string; large?: boolean }) {
	// No text: what is seen of a button has to be a part of its name.
	return <span class={large ? "avatar large" : "avatar"} data-letters={initials(name)} aria-hidden="true" />;
}
