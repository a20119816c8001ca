/** Templates that a provider approved: what has to be filled in, and what then comes out. */

import type { TemplateJson } from "../../gen/weiche/event/v1/content_pb.js";
import type {
	MessageTemplateComponentJson,
	MessageTemplateJson,
} from "../../gen/weiche/workspace/v1/workspace_pb.js";

/** Blank is one value that a template asks for. */
export interface Blank {
	/** Where it goes: HEADER, BODY, or the number of a button. */
	place: "HEADER" | "BODY" | number;
	/** What the template calls it: a number, or a name. */
	name: string;
	/** It has a name, not a number. */
	named: boolean;
	/** What is written on the button. */
	button?: string;
}

/** The values that a template asks for, in order. */
export function blanks(template: MessageTemplateJson): Blank[] {
	const all: Blank[] = [];
	for (const component of template.components ?? []) {
		if (component.type === "BUTTONS") {
			component.buttons?.forEach((button, place) => {
				for (let n = 1; n <= (button.parameters ?? 0); n++)
					all.push({ place, name: String(n), named: false, button: button.text ?? "" });
			});
		} else if (component.type === "HEADER" || component.type === "BODY") {
			const names = component.parameterNames ?? [];
			for (let n = 0; n < (component.parameters ?? 0); n++) {
				const name = names[n];
				all.push({ place: component.type, name: name ?? String(n + 1), named: name !== undefined });
			}
		}
	}
	return all;
}

/** Whether a template can be sent with texts alone. */
export function isTextual(template: MessageTemplateJson): boolean {
	return (template.components ?? []).every(
		(component) => component.type !== "HEADER" || !component.format || component.format === "TEXT",
	);
}

/** The template with its values, as the provider wants them; each value at the place of its blank. */
export function filled(template: MessageTemplateJson, values: readonly string[]): TemplateJson {
	const parameters = new Map<Blank["place"], object[]>();
	blanks(template).forEach((blank, at) => {
		const value = {
			type: "text",
			...(blank.named ? { parameter_name: blank.name } : {}),
			text: values[at] ?? "",
		};
		parameters.set(blank.place, [...(parameters.get(blank.place) ?? []), value]);
	});
	const components = [...parameters].map(([place, list]) =>
		typeof place === "number"
			? { type: "button", sub_type: subType(template, place), index: String(place), parameters: list }
			: { type: place.toLowerCase(), parameters: list },
	);
	return {
		name: template.name,
		language: template.language,
		...(components.length > 0 ? { componentsJson: JSON.stringify(components) } : {}),
	};
}

function subType(template: MessageTemplateJson, place: number): string {
	const buttons = template.components?.find((component) => component.type === "BUTTONS")?.buttons;
	return (buttons?.[place]?.type ?? "URL").toLowerCase();
}

/** Where a value goes in a text. */
const gap = /\{\{\s*([A-Za-z0-9_]+)\s*\}\}/g;

/** The text of a component with its values; what has none yet stays as it is written. */
export function preview(
	component: MessageTemplateComponentJson,
	template: MessageTemplateJson,
	values: readonly string[],
): string {
	const all = blanks(template);
	return (component.text ?? "").replace(gap, (whole, name: string) => {
		const at = all.findIndex((blank) => blank.place === component.type && blank.name === name);
		return values[at]?.trim() ? (values[at] ?? whole) : whole;
	});
}

/** Whether a template has some words in its name or its texts. */
export function hasWords(template: MessageTemplateJson, words: string): boolean {
	const text = [template.name, ...(template.components ?? []).map((component) => component.text)]
		.join(" ")
		.toLowerCase();
	return words
		.toLowerCase()
		.split(/\s+/)
		.every((word) => text.includes(word));
}
