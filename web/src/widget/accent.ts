/** A colour of the business's own, made so that it can be read. */

type Colour = readonly [number, number, number];

const papers = { light: "#ffffff", dark: "#16191d" } as const;
const inks = ["#ffffff", "#10151c"] as const;
/** What text needs against its ground. */
const enough = 4.5;

/** Accent is a colour for what can be pressed, and those that go with it. */
export interface Accent {
	/** The colour itself, as a ground. */
	fill: string;
	/** What is written on it. */
	on: string;
	/** The colour as text or line on light paper, and on dark. */
	light: string;
	dark: string;
}

/** The colours of an accent, #rrggbb; undefined for what is none. */
export function accentOf(hex: string): Accent | undefined {
	if (!/^#[0-9a-f]{6}$/i.test(hex)) return undefined;
	const colour = parse(hex);
	const [white, black] = inks;
	return {
		fill: hex,
		on: contrast(colour, parse(white)) >= contrast(colour, parse(black)) ? white : black,
		light: readable(colour, parse(papers.light), 0),
		dark: readable(colour, parse(papers.dark), 255),
	};
}

/** The colour, moved towards black or white as far as it takes to read it on a paper. */
function readable(colour: Colour, paper: Colour, towards: number): string {
	for (let step = 0; step <= 10; step++) {
		const mixed = colour.map((part) =>
			Math.round(part + ((towards - part) * step) / 10),
		) as unknown as Colour;
		if (contrast(mixed, paper) >= enough)
			return `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
	}
	return towards ? "#ffffff" : "#000000";
}

/** The contrast of two colours as WCAG counts it, from 1 to 21. */
export function contrast(a: Colour, b: Colour): number {
	const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
	return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: Colour): number {
	const [r = 0, g = 0, b = 0] = colour.map((part) => {
		const share = part / 255;
		return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
	});
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function parse(hex: string): Colour {
	return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Colour;
}
