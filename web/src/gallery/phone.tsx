import "../look/page.css";
import "../look/controls.css";
import type { Language } from "../look/words.js";
import { CallLog } from "../phone/calllog.js";
import { Device } from "../phone/device.js";
import { Handset } from "../phone/handset.js";
import type { Entry } from "../phone/log.js";
import type { Message, Thread } from "../phone/provider.js";
import { newPhone, type PhoneState, type Screen } from "../phone/state.js";
import { Switchboard } from "../phone/switchboard.js";
import type { GalleryState } from "./state.js";

const at = (minute: number) => `2026-05-04T10:${String(minute).padStart(2, "0")}:00Z`;

function said(from: Message["from"], minute: number, text: string, more: Partial<Message> = {}): Message {
	return { id: `${from}${minute}`, from, type: "text", text, at: at(minute), state: "read", ...more };
}

const messenger: Thread = {
	integration: "1",
	channel: "messenger",
	account: "blue.shop",
	unread: 0,
	messages: [
		said("person", 1, "Get Started", { type: "postback" }),
		said("business", 2, "Continue the conversation from blue-shop.example, started at 10:00 UTC, here?", {
			buttons: [
				{ id: "y", title: "Yes, continue here", kind: "quick_reply" },
				{ id: "n", title: "No", kind: "quick_reply" },
			],
		}),
	],
};

const talked: Thread = {
	...messenger,
	typing: true,
	messages: [
		...messenger.messages,
		said("person", 3, "Yes, continue here", { type: "quick_reply" }),
		said("business", 4, "Two of them are left: https://shop.example/jacket", { reaction: "+1" }),
		said("person", 5, "Great, I am on the bus. Can you keep one for me?", { edits: 1, state: "delivered" }),
		said("person", 6, "", { deleted: true, state: "delivered" }),
	],
};

const whatsapp: Thread = {
	...messenger,
	integration: "2",
	channel: "whatsapp",
	account: "15550100001",
	draft: "Please continue my chat here: w1abcdefghijklmnopqrstuvwxyz",
	messages: [],
};

function phone(language: Language, screen: Screen, change: Partial<PhoneState>) {
	const handset = new Handset("Ana", screen);
	handset.store.update((state) => ({ ...state, ...change }));
	return (
		<main style={{ inlineSize: "300px", blockSize: "620px", margin: "10px" }}>
			<h1 class="hidden">Phone</h1>
			<h2 class="hidden">Phone</h2>
			<Device handset={handset} language={language} contacts={false} />
		</main>
	);
}

const size: [number, number] = [320, 640];

const wire: Entry[] = [
	{
		id: "c1",
		at: at(3),
		from: "software",
		app: "whatsapp",
		what: "POST /v26.0/200001/messages",
		status: 200,
		state: "done",
		tries: 1,
		fault: "",
		signature: "",
		request: "{}",
		answer: "{}",
	},
	{
		id: "d1",
		at: at(2),
		from: "provider",
		app: "messenger",
		what: "message, read",
		status: 503,
		state: "waits",
		tries: 3,
		fault: "",
		signature: "sha256=0",
		request: "{}",
		answer: "",
	},
	{
		id: "c2",
		at: at(1),
		from: "software",
		app: undefined,
		what: "POST /v26.0/me/messages",
		status: 0,
		state: "done",
		tries: 1,
		fault: "timeout_after_accept",
		signature: "",
		request: "{}",
		answer: "",
	},
];

/** The phone of the simulator and of the demo, and what lies beside it. */
export const states: GalleryState[] = [
	{ name: "no chats", size, draw: (language) => phone(language, "instagram", {}) },
	{
		name: "new thread with a button",
		size,
		draw: (language) =>
			phone(language, "messenger", {
				threads: [
					{ ...messenger, messages: [], starters: [{ id: "s", title: "Get Started", kind: "postback" }] },
				],
			}),
	},
	{ name: "question", size, draw: (language) => phone(language, "messenger", { threads: [messenger] }) },
	{
		name: "talk, with something unread elsewhere",
		size,
		draw: (language) =>
			phone(language, "messenger", { threads: [talked, { ...whatsapp, unread: 2, messages: [] }] }),
	},
	{
		name: "a link has typed",
		size,
		draw: (language) => phone(language, "whatsapp", { threads: [whatsapp] }),
	},
	{ name: "camera", size, draw: (language) => phone(language, "camera", {}) },
	{
		name: "something did not work, and nobody answers",
		size,
		draw: (language) =>
			phone(language, "camera", {
				away: true,
				trouble: 'link "https://shop.example" is none of wa.me, m.me',
			}),
	},
	{
		name: "switches and wire",
		size: [900, 640],
		draw: (language) => {
			const handset = new Handset("Ana", "whatsapp");
			handset.store.update(() => ({
				...newPhone("Ana"),
				faults: [{ id: "delay", kind: "delay", fired: 3 }],
			}));
			return (
				<main style={{ padding: "16px" }}>
					<h1>Simulator</h1>
					<Switchboard handset={handset} language={language} />
					<CallLog list={wire} language={language} software="Weiche" />
				</main>
			);
		},
	},
];
