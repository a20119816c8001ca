/** What is on a phone, and what of it is looked at. */

import type { Entry } from "./log.js";
import type { App, Fault, Integration, Message, Thread } from "./provider.js";
import { isOn, type Switch } from "./switches.js";

/** What a phone shows: one of its apps, or what its camera sees. */
export type Screen = App | "camera";

/** PhoneState is all that is drawn of a phone. */
export interface PhoneState {
	/** Whose phone it is. */
	person: string;
	/** The revision of the providers that the rest is of; 0 before anything came. */
	revision: number;
	threads: Thread[];
	/** The accounts that can be written to. */
	integrations: Integration[];
	/** The newest of what went over the wire, where somebody looks at it. */
	entries: Entry[];
	/** The rules by which things go wrong. */
	faults: Fault[];
	/** Switches that are being turned on or off. */
	turning: Partial<Record<Switch, boolean>>;
	screen: Screen;
	/** The account whose thread is looked at, by app, where it was chosen. */
	chosen: Partial<Record<App, string>>;
	/** Why the last thing that was tried did not work; empty if it did. */
	trouble: string;
	/** The providers do not answer. */
	away: boolean;
}

export function newPhone(person: string, screen: Screen = "whatsapp"): PhoneState {
	return {
		person,
		revision: 0,
		threads: [],
		integrations: [],
		entries: [],
		faults: [],
		turning: {},
		screen,
		chosen: {},
		trouble: "",
		away: false,
	};
}

/** When a thread was last written in. */
function lastOf(thread: Thread): string {
	return thread.messages.at(-1)?.at ?? "";
}

/** The threads of an app, the newest first. */
export function threadsOf(state: PhoneState, app: App): Thread[] {
	return state.threads
		.filter((thread) => thread.channel === app)
		.sort((a, b) => lastOf(b).localeCompare(lastOf(a)));
}

/** The thread that an app shows: the chosen one, or its newest. */
export function threadOf(state: PhoneState, app: App): Thread | undefined {
	const threads = threadsOf(state, app);
	const chosen = state.chosen[app];
	if (!chosen) return threads[0];
	const found = threads.find((thread) => thread.integration === chosen);
	const account = state.integrations.find((one) => one.id === chosen);
	if (found || !account) return found ?? threads[0];
	return { integration: account.id, channel: app, account: account.account, unread: 0, messages: [] };
}

/** How many messages of an app nobody has looked at. */
export function unreadOf(state: PhoneState, app: App): number {
	return threadsOf(state, app).reduce((sum, thread) => sum + thread.unread, 0);
}

/** Whether somebody has tapped one of a message's buttons already. */
export function answered(thread: Thread, message: Message): boolean {
	const later = thread.messages.slice(thread.messages.indexOf(message) + 1);
	return later.some(
		(one) =>
			one.from === "person" &&
			(one.reply_to === message.id ||
				(one.type !== "text" && message.buttons?.some((button) => button.title === one.text))),
	);
}

/** The message that asks something which nobody has answered, if it is the last word. */
export function question(thread: Thread | undefined): Message | undefined {
	const last = thread?.messages.at(-1);
	return last?.from === "business" && last.buttons?.some((button) => button.kind !== "url")
		? last
		: undefined;
}

/** Whether a switch stands on: as it was turned, before that is done. */
export function standsOn(state: PhoneState, one: Switch): boolean {
	return state.turning[one] ?? isOn(one, state.faults);
}
