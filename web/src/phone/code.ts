/** QR codes, read from what a camera would see: pixels. */

import jsQR from "jsqr";

/** Picture is what a camera sees. */
export interface Picture {
	width: number;
	height: number;
	data: Uint8ClampedArray;
}

/** The text of the code in a picture; nothing where there is none. */
export function textOf(picture: Picture): string | undefined {
	const found = jsQR(picture.data, picture.width, picture.height);
	return found?.data || undefined;
}

/** A canvas of a size, and what draws on it, on white. */
function sheet(width: number, height: number): CanvasRenderingContext2D {
	const canvas = document.createElement("canvas");
	canvas.width = width;
	canvas.height = height;
	const context = canvas.getContext("2d", { willReadFrequently: true });
	if (!context) throw new Error("a browser without canvas");
	context.fillStyle = "#fff";
	context.fillRect(0, 0, width, height);
	return context;
}

/** Draws an image file, at most 1,600 pixels wide. */
export async function pictureOfFile(file: Blob): Promise<Picture> {
	const bitmap = await createImageBitmap(file);
	const scale = Math.min(1, 1600 / bitmap.width);
	const context = sheet(Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
	context.drawImage(bitmap, 0, 0, context.canvas.width, context.canvas.height);
	bitmap.close();
	return context.getImageData(0, 0, context.canvas.width, context.canvas.height);
}

/** The first colour behind an element. */
function ground(element: Element): string {
	const view = element.ownerDocument.defaultView;
	for (let at: Element | null = element; at && view; ) {
		const colour = view.getComputedStyle(at).backgroundColor;
		if (colour && colour !== "transparent" && !/, 0\)$/.test(colour)) return colour;
		const root = at.getRootNode();
		at = at.parentElement ?? (root instanceof view.ShadowRoot ? root.host : null);
	}
	return "#fff";
}

/** The drawings below a root, also in open shadow roots, that are as large as a code. */
export function drawings(root: Document | ShadowRoot): SVGSVGElement[] {
	const found: SVGSVGElement[] = [];
	for (const element of root.querySelectorAll("*")) {
		if (element.shadowRoot) found.push(...drawings(element.shadowRoot));
		if (element.localName !== "svg") continue;
		const box = element.getBoundingClientRect();
		if (box.width >= 100 && Math.abs(box.width - box.height) < 2) found.push(element as SVGSVGElement);
	}
	return found;
}

/** How many pixels of the picture lie round the drawing, as a camera sees more than it. */
const margin = 24;

/** Draws a drawing as it looks on its page: with its colours, on what is behind it. */
export async function pictureOf(drawing: SVGSVGElement): Promise<Picture> {
	const view = drawing.ownerDocument.defaultView;
	if (!view) throw new Error("a drawing without a page");
	const size = Math.round(drawing.getBoundingClientRect().width * 2);
	const copy = drawing.cloneNode(true) as SVGSVGElement;
	const originals = [drawing, ...drawing.querySelectorAll("*")];
	const copies = [copy, ...copy.querySelectorAll("*")];
	for (const [at, original] of originals.entries()) {
		// The styles of the page do not come with the copy.
		const looks = view.getComputedStyle(original);
		copies[at]?.setAttribute("fill", looks.fill);
		copies[at]?.setAttribute("stroke", looks.stroke);
		copies[at]?.removeAttribute("class");
	}
	copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
	copy.setAttribute("width", String(size));
	copy.setAttribute("height", String(size));
	const url = URL.createObjectURL(
		new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }),
	);
	try {
		const image = new Image(size, size);
		image.src = url;
		await image.decode();
		const context = sheet(size + 2 * margin, size + 2 * margin);
		context.fillStyle = ground(drawing);
		context.fillRect(0, 0, context.canvas.width, context.canvas.height);
		context.drawImage(image, margin, margin, size, size);
		return context.getImageData(0, 0, context.canvas.width, context.canvas.height);
	} finally {
		URL.revokeObjectURL(url);
	}
}
