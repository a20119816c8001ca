/** Finds text that is cut off, hidden behind an edge, or beyond the box that it stands in. */

import type { Page } from "playwright-core";

/** What may be cut, as selectors, and why. */
const meant = {
	// Said to those who hear the page, and nothing to be seen.
	".hidden": "",
	// Names of files have no end: all of it is in the title.
	".what bdi": "",
} as const;

/** The texts of a page that cannot be read as a whole, each with where it stands. */
export function clipped(tab: Page): Promise<string[]> {
	return tab.evaluate((allowed) => {
		const found: string[] = [];
		/** More than this counts, in pixels: letters stand out of their boxes by less. */
		const slack = 1.5;
		const up = (one: Element): Element | null =>
			one.parentElement ?? (one.getRootNode() as ShadowRoot).host ?? null;
		const wrong = (one: Element, text: string, what: string) =>
			found.push(`${one.localName}.${one.className}: "${text.trim()}" ${what}`);
		/** What is wrong with words, from the box that they stand in outwards; nothing where all of them is seen. */
		const cut = (holder: Element, words: readonly DOMRect[]): string | undefined => {
			let own = true;
			for (let one: Element | null = holder; one; one = up(one)) {
				const { display, overflowX, overflowY } = getComputedStyle(one);
				if (display === "inline" || display === "contents") continue;
				if (!own && overflowX === "visible") continue;
				own = false;
				const edge = one.getBoundingClientRect();
				// What scrolls has more than is to be seen.
				const scrolls = overflowY === "auto" || overflowY === "scroll";
				for (const word of words) {
					const aside = Math.max(edge.left - word.left, word.right - edge.right);
					if (aside > slack) return `stands out by ${aside} px`;
					const above = Math.max(edge.top - word.top, word.bottom - edge.bottom);
					if (above > slack + 2 && !scrolls) return `is ${above} px too high`;
				}
				if (scrolls) return undefined;
			}
			return undefined;
		};
		const look = (text: Text) => {
			const holder = text.parentElement;
			if (!holder || holder.closest(allowed)) return;
			if (!holder.checkVisibility({ visibilityProperty: true })) return;
			// By words: a space at the end of a line may stand out of it.
			const words = [...text.data.matchAll(/\S+/g)].flatMap((word) => {
				const range = document.createRange();
				range.setStart(text, word.index);
				range.setEnd(text, word.index + word[0].length);
				return [...range.getClientRects()];
			});
			const what = cut(holder, words);
			if (what) wrong(holder, text.data, what);
		};
		const walk = (root: Node) => {
			if (root instanceof Text) look(root);
			if (root instanceof Element && root.shadowRoot) walk(root.shadowRoot);
			if (root instanceof HTMLTextAreaElement && root.checkVisibility() && !root.value) {
				root.value = root.placeholder;
				const over = root.scrollHeight - root.clientHeight;
				if (over > slack) wrong(root, root.placeholder, `has ${over} px more than is shown`);
				root.value = "";
			}
			for (const child of root.childNodes) walk(child);
		};
		walk(document.body);
		return found;
	}, Object.keys(meant).join());
}
