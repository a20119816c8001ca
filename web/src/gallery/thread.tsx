/** States of an open conversation, and of what is known around it. */

import type { ComponentChildren } from "preact";
import { Caller } from "../api/call.js";
import type { RouteJson } from "../gen/weiche/view/v1/route_pb.js";
import type { Language } from "../look/words.js";
import { Context } from "../workspace/context/pane.js";
import { Places, placeOf } from "../workspace/place.js";
import { Chosen, usual } from "../workspace/preferences.js";
import { learn } from "../workspace/said.js";
import { InConversation } from "../workspace/thread/around.js";
import { Conversation, type ConversationState } from "../workspace/thread/conversation.js";
import { type Drafts, noDrafts } from "../workspace/thread/draft.js";
import { Keeper } from "../workspace/thread/kept.js";
import { Thread } from "../workspace/thread/pane.js";
import { Workspace, WorkspaceContext } from "../workspace/workspace.js";
import type { GalleryState } from "./state.js";
import { before, bindings, card, channels, closed, events, now, route, silent, talk } from "./talk.js";
import "../look/page.css";
import "../look/controls.css";
import "../look/dialog.css";
import "../workspace/workspace.css";

void learn("de");

/** A workspace and a conversation that know what they are told and ask nobody. */
function Stage(props: {
	language: Language;
	state?: Partial<ConversationState>;
	drafts?: Partial<Drafts>;
	prepare?: (conversation: Conversation) => void;
	children: ComponentChildren;
}) {
	const stream = silent();
	const workspace = new Workspace({
		caller: new Caller(""),
		stream,
		places: new Places(placeOf(new URL("https://chat.example/workspace/all/c1"))),
		chosen: new Chosen({ ...usual, language: props.language }),
	});
	const agents = [
		{ agentId: "ben", name: "Ben Sample" },
		{ agentId: "kim", name: "Kim Sample" },
	];
	const me = { agent: agents[1], scopes: ["conversations:read", "conversations:write"] };
	workspace.session.update(() => ({ status: "in", who: { me, agents, channels } }));
	workspace.inbox.know({
		conversationId: "c1",
		customerId: "cus1",
		customerName: "Ana Sample",
		status: "CONVERSATION_STATUS_OPEN",
		assigneeId: "kim",
		labels: ["order"],
		changed: "1",
	});
	const memory = { getItem: () => null, setItem: () => {}, removeItem: () => {} };
	const line = {
		call: async <Q, R>(_: string, _request: Q) => ({ events }) as R,
		stream,
		inbox: workspace.inbox,
		ended: () => {},
	};
	const conversation = new Conversation("c1", line, new Keeper(memory, "kim"));
	conversation.update((was) => ({
		...was,
		phase: "ready",
		channels,
		customer: card,
		timeline: { lines: talk, older: false, route },
		...props.state,
	}));
	conversation.drafts.update(() => ({ ...noDrafts, ...props.drafts }));
	props.prepare?.(conversation);
	return (
		<WorkspaceContext.Provider value={workspace}>
			<InConversation conversation={conversation}>{props.children}</InConversation>
		</WorkspaceContext.Provider>
	);
}

const thread = (
	name: string,
	state?: Partial<ConversationState>,
	drafts?: Partial<Drafts>,
	prepare?: (conversation: Conversation) => void,
	size: [number, number] = [720, 860],
): GalleryState => ({
	name,
	size,
	draw: (language) => (
		<Stage language={language} state={state} drafts={drafts} prepare={prepare}>
			<main class="pane" style={{ blockSize: "100vh" }}>
				<h1 class="hidden">Weiche</h1>
				<Thread />
			</main>
		</Stage>
	),
});
const context = (
	name: string,
	first: "customer" | "events",
	state?: Partial<ConversationState>,
): GalleryState => ({
	name,
	size: [340, 1200],
	draw: (language) => (
		<Stage language={language} state={state}>
			<main>
				<h1 class="hidden">Weiche</h1>
				<h2 class="hidden">Ana Sample</h2>
				<Context first={first} />
			</main>
		</Stage>
	),
});
const of = (route: RouteJson): Partial<ConversationState> => ({
	timeline: { lines: talk.slice(0, 3), older: true, route },
});
const draft = { text: "We will keep it for you.", files: [], buttons: [], answers: "" };

/** The states. */
export const states: GalleryState[] = [
	thread("a conversation over two channels", undefined, undefined, undefined, [720, 1900]),
	thread("on a phone", undefined, undefined, undefined, [320, 640]),
	thread("the window is closed", of(closed)),
	thread(
		"the window closes soon",
		of({ ...route, bindings: [{ ...bindings.whatsapp, windowEndsAt: before(-47) }, bindings.widget] }),
		{
			pinned: "wa",
		},
	),
	thread("the route changed under a draft", of(route), { reply: draft, begunFor: "shop" }),
	thread("files, quick replies and limits", of(route), {
		reply: {
			text: "x".repeat(1030),
			files: [
				{ name: "jacket.png", type: "image/png", size: 48_000, blobId: "b1", kind: "MEDIA_KIND_IMAGE" },
				{
					name: "a film that is long.mov",
					type: "video/quicktime",
					size: 9e6,
					blobId: "b2",
					kind: "MEDIA_KIND_VIDEO",
				},
			],
			buttons: ["Blue", "Red", "A colour of another kind"],
			answers: "m102",
		},
	}),
	thread("a note", of(route), { mode: "note", note: { ...draft, text: "Call her back at nine." } }),
	thread("nowhere to reply", of({ ...route, bindings: [] })),
	thread("the customer was erased", of({ ...route, rule: "ROUTE_RULE_ERASED", bindings: [] })),
	...(["sending", "unanswered", "unknown", "refused"] as const).map((standing) =>
		thread(`on its way: ${standing}`, of(route), {}, (conversation) =>
			conversation.outbox.update(() => [
				{
					token: "t",
					draft,
					note: false,
					channel: "whatsapp",
					request: {},
					at: now,
					messageId: "",
					standing,
					error: standing === "refused" ? "REASON_WINDOW_CLOSED" : "",
				},
			]),
		),
	),
	thread("loading", { phase: "loading", timeline: undefined }),
	thread("not there", { phase: "missing", timeline: undefined }),
	thread("not loaded", { phase: "failed", timeline: undefined }),
	context("the customer", "customer"),
	context("an erased customer", "customer", {
		customer: { customerId: "cus1", erased: true, erasedAt: before(10), createdAt: before(1000) },
		...of({ ...route, bindings: [] }),
	}),
	context("the customer is not loaded", "customer", { customer: undefined, customerFailed: true }),
	context("the events", "events"),
];
