import { expect, test } from "vitest";
import type { LineJson } from "../gen/weiche/widget/v1/widget_pb.js";
import type { Thread } from "../phone/provider.js";
import { done, next, steps } from "./story.js";

const customer = (channel: string): LineJson => ({ author: "AUTHOR_CUSTOMER", channel });
const agent = (channel: string): LineJson => ({ author: "AUTHOR_AGENT", channel });
const about = (what: string, channel: string): LineJson => ({
	author: "AUTHOR_SYSTEM",
	about: what,
	channel,
});

const story = [
	customer("widget"),
	agent("widget"),
	about("linked", "messenger"),
	agent("messenger"),
	customer("messenger"),
	customer("widget"),
	agent("widget"),
	about("linked", "whatsapp"),
	agent("whatsapp"),
	about("disconnected", "whatsapp"),
	agent("widget"),
];

test("each line of the story brings the next step", () => {
	expect(story).toHaveLength(steps.length);
	for (let told = 0; told <= story.length; told++) {
		expect(done(story.slice(0, told)).steps).toBe(told);
	}
});

test("more of the same is no step, and whoever skips one goes on", () => {
	expect(done([customer("widget"), customer("widget")]).steps).toBe(1);
	expect(done([customer("widget"), about("linked", "instagram")]).steps).toBe(3);
	expect(done(story.slice(0, 4).concat(agent("messenger"), agent("messenger"))).steps).toBe(4);
	expect(next(story.slice(0, 7), [], [])).toEqual({ place: "shop", say: "menuAgain", app: "whatsapp" });
});

test("after the story, what is switched on is tried where it shows", () => {
	expect(next(story, [], [])).toEqual({ place: "below", say: "end" });
	expect(next(story, [], [], ["duplicate"])).toEqual({ place: "phone", say: "tryWriting", app: "messenger" });
	expect(next(story, [], [], ["failure"])).toEqual({ place: "phone", say: "tryWriting", app: "messenger" });
	const written = [...story, customer("messenger")];
	expect(next(written, [], [], ["failure"])).toEqual({
		place: "workspace",
		say: "tryAnswering",
		app: "messenger",
	});
	expect(next(written, [], [], ["delay"]).say).toBe("tryWriting");
	expect(next(story.slice(0, 2), [], [], ["failure"]).say, "before its end").toBe("menu");
});

test("while a link waits, the next step is on the phone", () => {
	const waits = [{ linkId: "l", channel: "whatsapp", state: "LINK_STATE_WAITING" as const }];
	const thread: Thread = {
		integration: "1",
		channel: "whatsapp",
		account: "1",
		unread: 0,
		messages: [],
	};
	const lines = story.slice(0, 2);
	expect(next(lines, [], [])).toMatchObject({ place: "shop", say: "menu", app: "messenger" });
	expect(next(lines, waits, []).say).toBe("scan");
	expect(next(lines, waits, [{ ...thread, draft: "Hello" }]).say).toBe("send");
	expect(
		next(lines, waits, [{ ...thread, starters: [{ id: "s", title: "Go", kind: "postback" }] }]).say,
	).toBe("start");
	const asks = {
		id: "q",
		from: "business" as const,
		type: "interactive",
		at: "2026-05-04T10:00:00Z",
		buttons: [{ id: "y", title: "Yes", kind: "reply" as const }],
	};
	expect(next(lines, waits, [{ ...thread, messages: [asks] }]).say).toBe("confirm");
	const over = [{ ...waits[0], state: "LINK_STATE_EXPIRED" as const }];
	expect(next(lines, over, []).say).toBe("menu");
});
