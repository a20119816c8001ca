/** How far the visitor is in the story, told from what has really happened. */

import type { LineJson, LinkJson } from "../gen/weiche/widget/v1/widget_pb.js";
import type { App, Thread } from "../phone/provider.js";
import { apps } from "../phone/provider.js";
import { question } from "../phone/state.js";
import { type Switch, strikes } from "../phone/switches.js";

/** The parts of the page. */
export const places = ["shop", "phone", "workspace"] as const;
export type Place = (typeof places)[number];

/** The steps of the story in their order. */
export const steps = [
	"write",
	"answer",
	"leave",
	"answerThere",
	"writeThere",
	"comeBack",
	"answerHere",
	"leaveAgain",
	"answerThereAgain",
	"disconnect",
	"answerAtLast",
] as const;
export type Step = (typeof steps)[number];

/** What has happened before a line. */
interface Before {
	/** The channels that were linked. */
	linked: string[];
	/** Those of them that were disconnected. */
	gone: string[];
	/** The channel that the customer used last. */
	front: string;
}

type Met = (line: LineJson, before: Before) => boolean;

const isCustomer: Met = (line) => line.author === "AUTHOR_CUSTOMER";
const isAgent: Met = (line) => line.author === "AUTHOR_AGENT";
const isHere: Met = (line) => line.channel === "widget";

/** What makes a step done. */
const met: Record<Step, Met> = {
	write: (line, before) => isCustomer(line, before) && isHere(line, before),
	answer: isAgent,
	leave: (line) => line.about === "linked",
	answerThere: (line, before) => isAgent(line, before) && !isHere(line, before),
	writeThere: (line, before) => isCustomer(line, before) && !isHere(line, before),
	comeBack: (line, before) =>
		isCustomer(line, before) && isHere(line, before) && before.linked.length > 0 && before.front !== "widget",
	answerHere: (line, before) => isAgent(line, before) && isHere(line, before),
	leaveAgain: (line, before) => line.about === "linked" && !before.linked.includes(line.channel ?? ""),
	answerThereAgain: (line, before) => isAgent(line, before) && !isHere(line, before),
	disconnect: (line) => line.about === "disconnected",
	answerAtLast: (line, before) => isAgent(line, before) && isHere(line, before) && before.gone.length > 0,
};

function after(before: Before, line: LineJson): Before {
	const channel = line.channel ?? "";
	if (line.about === "linked") return { ...before, linked: [...before.linked, channel], front: channel };
	if (line.about === "disconnected") return { ...before, gone: [...before.gone, channel], front: "widget" };
	return line.author === "AUTHOR_CUSTOMER" ? { ...before, front: channel } : before;
}

/** How many steps are done. Whoever does the one after the next has skipped the next. */
export function done(lines: readonly LineJson[]): Before & { steps: number } {
	let before: Before = { linked: [], gone: [], front: "widget" };
	let count = 0;
	for (const line of lines) {
		const found = steps.slice(count, count + 2).findIndex((step) => met[step](line, before));
		if (found >= 0) count += found + 1;
		before = after(before, line);
	}
	return { ...before, steps: count };
}

/** Hint is where the next step is, and what it is. */
export interface Hint {
	/** Below the parts are the switches for what goes wrong. */
	place: Place | "below";
	/** Which words say it. */
	say:
		| Exclude<Step, "leave" | "leaveAgain">
		| "menu"
		| "menuAgain"
		| "scan"
		| "open"
		| "send"
		| "start"
		| "confirm"
		| "connecting"
		| "end"
		| "tryWriting"
		| "tryAnswering";
	/** The app that it is about. */
	app?: App;
}

function appOf(channel: string | undefined): App | undefined {
	return apps.find((app) => app === channel);
}

/** The app that the customer is linked to and uses, or used last. */
function current(linked: readonly string[]): App | undefined {
	return appOf(linked.at(-1));
}

/** What to do next; wrong is what goes wrong on purpose. */
export function next(
	lines: readonly LineJson[],
	links: readonly LinkJson[],
	threads: readonly Thread[],
	wrong: readonly Switch[] = [],
): Hint {
	const { steps: count, linked, gone, front } = done(lines);
	const step = steps[count];
	switch (step) {
		case undefined:
			return afterwards(wrong, appOf(front), current(linked.filter((one) => !gone.includes(one))));
		case "leave":
		case "leaveAgain":
			return onTheWay(links, threads) ?? offer(step, linked);
		case "answer":
		case "answerHere":
		case "answerAtLast":
			return { place: "workspace", say: step };
		case "answerThere":
		case "answerThereAgain": {
			const app = current(linked);
			return { place: "workspace", say: step, ...(app && { app }) };
		}
		case "writeThere": {
			const app = current(linked);
			return { place: "phone", say: step, ...(app && { app }) };
		}
		case "disconnect": {
			const app = current(linked);
			return { place: "shop", say: step, ...(app && { app }) };
		}
		default:
			return { place: "shop", say: step };
	}
}

/** What shows what a switch does: a message from the phone, or an answer to one. */
function afterwards(wrong: readonly Switch[], front: App | undefined, linked: App | undefined): Hint {
	if (wrong.length === 0) return { place: "below", say: "end" };
	if (front && wrong.some((one) => strikes(one) === "answers")) {
		return { place: "workspace", say: "tryAnswering", app: front };
	}
	return { place: "phone", say: "tryWriting", app: front ?? linked ?? "whatsapp" };
}

function offer(step: "leave" | "leaveAgain", linked: readonly string[]): Hint {
	const order: App[] = ["messenger", "whatsapp", "instagram"];
	const app = order.find((one) => !linked.includes(one)) ?? "messenger";
	return { place: "shop", say: step === "leave" ? "menu" : "menuAgain", app };
}

/** What to do while a link waits. */
function onTheWay(links: readonly LinkJson[], threads: readonly Thread[]): Hint | undefined {
	const link = links.findLast(
		(one) => one.state === "LINK_STATE_WAITING" || one.state === "LINK_STATE_MATCHED",
	);
	const app = appOf(link?.channel);
	if (!link || !app) return undefined;
	const thread = threads.find((one) => one.channel === app);
	if (question(thread)) return { place: "phone", say: "confirm", app };
	if (link.state === "LINK_STATE_MATCHED") return { place: "phone", say: "connecting", app };
	if (thread?.draft) return { place: "phone", say: "send", app };
	if (thread?.starters && thread.messages.length === 0) return { place: "phone", say: "start", app };
	return { place: "phone", say: "scan", app };
}
