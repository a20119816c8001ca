/**
 * The gallery shows one state of a surface, as the address says:
 * ?state=SURFACE/NAME&theme=light|dark&lang=en|de&dir=ltr|rtl, and with &longer what the
 * chat says is longer by two fifths. Without a state it lists all of them.
 */

import { render } from "preact";
import { type Language, languageOf } from "../look/words.js";
import { speakLonger } from "./longer.js";
import { surfaces } from "./surfaces.js";

const asked = new URLSearchParams(location.search);
const language: Language = languageOf([asked.get("lang") ?? "en"]);
const root = document.documentElement;
root.lang = language;
root.dir = asked.get("dir") ?? "ltr";
root.style.colorScheme = asked.get("theme") ?? "light";

if (asked.has("longer")) speakLonger();

const wanted = asked.get("state");
const [surface, name] = wanted
	? [wanted.slice(0, wanted.indexOf("/")), wanted.slice(wanted.indexOf("/") + 1)]
	: [];
const state = surface ? surfaces[surface]?.find((one) => one.name === name) : undefined;

/** Waits for the styles of a surface, which are a file of its name. */
function dressed(surface: string): Promise<unknown> {
	const link = document.createElement("link");
	link.rel = "stylesheet";
	link.href = `/gallery-${surface}.css`;
	const loaded = new Promise((done) => link.addEventListener("load", done, { once: true }));
	document.head.append(link);
	return loaded;
}

document.title = wanted ?? "Gallery";
if (surface && state) {
	await dressed(surface);
	const drawn = state.draw(language);
	if (drawn instanceof HTMLElement) document.body.append(drawn);
	else render(drawn, document.body);
} else {
	render(
		<main>
			<h1>{wanted ? `There is no state ${wanted}.` : "Gallery"}</h1>
			<ul>
				{Object.entries(surfaces).flatMap(([of, states]) =>
					states.map((one) => (
						<li key={of + one.name}>
							<a
								data-state={`${of}/${one.name}`}
								data-size={(one.size ?? [1280, 800]).join("x")}
								data-shows={one.shows}
								href={`?state=${encodeURIComponent(`${of}/${one.name}`)}`}
							>
								{of}: {one.name}
							</a>
						</li>
					)),
				)}
			</ul>
		</main>,
		document.body,
	);
}
root.dataset.drawn = state ? (wanted ?? "") : "";
