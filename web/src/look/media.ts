/** What the window is like. */

import { useLayoutEffect, useState } from "preact/hooks";

/** Whether a media query holds; who uses it is drawn again when that changes. */
export function useMedia(query: string): boolean {
	const [, redraw] = useState({});
	const media = matchMedia(query);
	// At once: a change before the next frame would not be heard of.
	useLayoutEffect(() => {
		const look = () => redraw({});
		media.addEventListener("change", look);
		return () => media.removeEventListener("change", look);
	}, [query]);
	return media.matches;
}
