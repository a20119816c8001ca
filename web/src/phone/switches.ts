/** What can be made to go wrong, and to be right again. */

import type { App, Fault, Integration, Provider } from "./provider.js";

export const switches = ["delay", "failure", "window", "duplicate", "reorder"] as const;
export type Switch = (typeof switches)[number];

/** The error that a provider answers each send with, by the switch. */
const errors: Partial<Record<Switch, Record<App, { code: number; subcode?: number }>>> = {
	failure: {
		whatsapp: { code: 131026 },
		messenger: { code: 551, subcode: 1545041 },
		instagram: { code: 551, subcode: 1545041 },
	},
	window: {
		whatsapp: { code: 131047 },
		messenger: { code: 10, subcode: 2018278 },
		instagram: { code: 10, subcode: 2018278 },
	},
};

/** What goes wrong by a switch: messages from the phone, or answers to them. */
export function strikes(one: Switch): "messages" | "answers" {
	return errors[one] ? "answers" : "messages";
}

/** The rules of a switch. */
export function rulesOf(one: Switch, integrations: readonly Integration[]): Fault[] {
	const error = errors[one];
	if (error) {
		return integrations.map(({ id, channel }) => ({
			id: `${one}-${id}`,
			kind: "error",
			integration: id,
			...error[channel],
		}));
	}
	switch (one) {
		case "delay":
			return [{ id: one, kind: "delay", delay: "5s" }];
		case "duplicate":
			return [{ id: one, kind: "duplicate", copies: 1 }];
		default:
			return [{ id: one, kind: "reorder", copies: 2, delay: "4s" }];
	}
}

function isOf(one: Switch, fault: Fault): boolean {
	return fault.id === one || fault.id.startsWith(`${one}-`);
}

/** Whether a switch is on. */
export function isOn(one: Switch, faults: readonly Fault[]): boolean {
	return faults.some((fault) => isOf(one, fault));
}

/** How often what a switch brings about has happened since it is on. */
export function timesOf(one: Switch, faults: readonly Fault[]): number {
	return faults.filter((fault) => isOf(one, fault)).reduce((sum, fault) => sum + (fault.fired ?? 0), 0);
}

export async function turnOn(
	provider: Provider,
	one: Switch,
	integrations: readonly Integration[],
): Promise<void> {
	const there = new Set((await provider.faults()).map((fault) => fault.id));
	for (const rule of rulesOf(one, integrations)) if (!there.has(rule.id)) await provider.addFault(rule);
}

export async function turnOff(provider: Provider, one: Switch): Promise<void> {
	for (const fault of await provider.faults()) if (isOf(one, fault)) await provider.removeFault(fault.id);
}
