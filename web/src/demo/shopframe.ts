/** The shop, which is a page of the same origin in a frame. */

import type { Sight } from "../phone/camera.js";
import { drawings, type Picture, pictureOf } from "../phone/code.js";
import { appHosts } from "../phone/provider.js";

/** What a camera before the frame sees: the drawings on it that are as large as codes. */
export function sightOf(frame: HTMLIFrameElement): Sight {
	return async () => {
		const pictures: Picture[] = [];
		for (const drawing of frame.contentDocument ? drawings(frame.contentDocument) : []) {
			pictures.push(await pictureOf(drawing));
		}
		return pictures;
	};
}

/** Whether a point of the page is over something in the frame that may be a code. */
export function overCode(frame: HTMLIFrameElement, x: number, y: number): boolean {
	const page = frame.getBoundingClientRect();
	return (frame.contentDocument ? drawings(frame.contentDocument) : []).some((drawing) => {
		const box = drawing.getBoundingClientRect();
		const left = page.left + box.left;
		const top = page.top + box.top;
		return x >= left && x <= left + box.width && y >= top && y <= top + box.height;
	});
}

/**
 * Opens links into the apps on the phone beside the shop: the device that the shop is on
 * has none of them.
 */
export function catchLinks(frame: HTMLIFrameElement, open: (url: string) => void): void {
	frame.contentDocument?.addEventListener("click", (event) => {
		const link = event.composedPath().find((one): one is HTMLAnchorElement => {
			const name = (one as Partial<Element>).localName;
			return name === "a" && appHosts.includes((one as HTMLAnchorElement).hostname);
		});
		if (!link) return;
		event.preventDefault();
		open(link.href);
	});
}
