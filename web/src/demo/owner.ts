/** Whose phone it is: the same in this tab until the demo starts over. */

import type { Provider } from "../phone/provider.js";

const key = "weiche-demo:phone";

/** Names of people who have the phone one after another. */
const names = ["Ana", "Bea", "Cleo", "Dana", "Edda", "Finn", "Gül", "Hana"];

/** Who has the phone; ?phone=NAME says another. */
export function ownerOf(): string {
	return new URLSearchParams(location.search).get("phone") || sessionStorage.getItem(key) || "Ana";
}

/** Makes somebody of that name, unless there is one. */
export async function meet(provider: Provider, name: string): Promise<void> {
	if (!(await provider.people()).includes(name)) await provider.addPerson(name);
}

/** Gives the phone to somebody who is new, and returns the name. */
export async function pass(provider: Provider): Promise<string> {
	const people = new Set(await provider.people());
	const free = names.find((name) => !people.has(name)) ?? `Ana ${people.size}`;
	await provider.addPerson(free);
	sessionStorage.setItem(key, free);
	return free;
}
