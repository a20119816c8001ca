/** The page of the demo: what is around the shop and the workspace, whose frames stay empty. */

import "../look/page.css";
import "../look/controls.css";
import "../demo/demo.css";
import { DemoPage } from "../demo/page.js";
import { type Told, Visitor } from "../demo/visitor.js";
import type { LineJson } from "../gen/weiche/widget/v1/widget_pb.js";
import type { Language } from "../look/words.js";
import { Handset } from "../phone/handset.js";
import type { Thread } from "../phone/provider.js";
import type { PhoneState } from "../phone/state.js";
import type { GalleryState } from "./state.js";

const at = "2026-05-04T10:00:00Z";

function line(place: number, author: LineJson["author"], text: string, more: LineJson = {}): LineJson {
	return {
		place: String(place),
		author,
		channel: "widget",
		messageId: `m${place}`,
		at,
		content: { parts: [{ text: { body: text } }] },
		...more,
	};
}

const thread: Thread = {
	integration: "1",
	channel: "messenger",
	account: "blue.shop",
	unread: 0,
	messages: [
		{
			id: "b1",
			from: "business",
			type: "text",
			text: "Continue the conversation from blue-shop.example, started at 10:00 UTC, here?",
			at,
			state: "read",
			buttons: [
				{ id: "y", title: "Yes, continue here", kind: "quick_reply" },
				{ id: "n", title: "No", kind: "quick_reply" },
			],
		},
	],
};

function draw(language: Language, told: Partial<Told>, phone: Partial<PhoneState>) {
	const visitor = new Visitor("gallery");
	visitor.store.update((before) => ({ ...before, ...told }));
	const handset = new Handset("Ana", "messenger");
	handset.store.update((state) => ({ ...state, ...phone }));
	return <DemoPage handset={handset} visitor={visitor} language={language} onStartOver={async () => {}} />;
}

const asked: Partial<Told> = {
	lines: [
		line(1, "AUTHOR_CUSTOMER", "Is the blue jacket still there?"),
		line(2, "AUTHOR_AGENT", "It is.", { agentName: "Kim" }),
	],
	links: [{ linkId: "l", channel: "messenger", state: "LINK_STATE_MATCHED" }],
};

/** The states. */
export const states: GalleryState[] = [
	{ name: "the beginning", size: [1440, 900], draw: (language) => draw(language, {}, {}) },
	{
		name: "the phone asks",
		size: [1440, 900],
		draw: (language) => draw(language, asked, { threads: [thread] }),
	},
	{
		name: "with room for one part",
		size: [1000, 800],
		draw: (language) => draw(language, asked, { threads: [thread] }),
	},
];
