import type { VNode } from "preact";
import type { Language } from "../look/words.js";

/** GalleryState is one state of a surface as it can be looked at without a server. */
export interface GalleryState {
	/** What it is called, such as "no messages yet". */
	name: string;
	/** Width and height of the window in pixels; 1280 by 800 if not said. */
	size?: [width: number, height: number];
	/** What is there once it is drawn, as a selector, where that takes a while. */
	shows?: string;
	/** Draws it: components, or an element that is put into the page. */
	draw(language: Language): VNode | HTMLElement;
}
