/** What goes between the providers and the software, as one list. */

import type { App, Call, Delivery, Integration } from "./provider.js";

/** Entry is one request between the two, with its answer. */
export interface Entry {
	id: string;
	at: string;
	/** Who asks: the software calls the Graph API, the provider posts a webhook. */
	from: "software" | "provider";
	/** The provider's app that it is about, where that can be told. */
	app: App | undefined;
	/** What is asked, such as POST /v26.0/1/messages, or message. */
	what: string;
	/** The status of the answer; 0 without one. */
	status: number;
	/** How far it is, where it has no answer yet. */
	state: "done" | "waits" | "onItsWay" | "givenUp";
	/** How often it was tried. */
	tries: number;
	fault: string;
	signature: string;
	request: string;
	answer: string;
}

/** Tidies JSON up; what is none stays as it is. */
export function tidy(text: string): string {
	try {
		return JSON.stringify(JSON.parse(text), undefined, 2);
	} catch {
		return text;
	}
}

const states = { delivered: "done", waiting: "waits", in_flight: "onItsWay", given_up: "givenUp" } as const;

/** Makes one list of calls and webhooks, the newest first. */
export function entries(
	calls: readonly Call[],
	deliveries: readonly Delivery[],
	integrations: readonly Integration[],
): Entry[] {
	const appOf = (ids: readonly string[]) => integrations.find((one) => ids.includes(one.id))?.channel;
	const all: Entry[] = [
		...calls.map(
			(call): Entry => ({
				id: `c${call.number}`,
				at: call.at,
				from: "software",
				app: appOf(call.path.split("/")),
				what: `${call.method} ${call.path}${call.query ? `?${call.query}` : ""}`,
				status: call.status,
				state: "done",
				tries: 1,
				fault: call.fault ?? "",
				signature: "",
				request: call.body ?? "",
				answer: call.answer ?? "",
			}),
		),
		...deliveries.map((delivery): Entry => {
			const last = delivery.attempts?.at(-1);
			return {
				id: `d${delivery.id}`,
				at: delivery.at,
				from: "provider",
				app: appOf(delivery.integrations),
				what: delivery.events.join(", "),
				status: last?.status ?? 0,
				state: states[delivery.state],
				tries: delivery.tries,
				fault: "",
				signature: delivery.signature,
				request: delivery.body,
				answer: last?.error ?? "",
			};
		}),
	];
	return all.sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || b.id.localeCompare(a.id));
}
