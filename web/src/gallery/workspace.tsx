/** States of the workspace as a whole, with a conversation that is open. */

import "../look/page.css";
import "../look/controls.css";
import "../look/dialog.css";
import "../look/login.css";
import "../look/menu.css";
import type { VNode } from "preact";
import { Caller } from "../api/call.js";
import type { SessionState } from "../look/session.js";
import type { Language } from "../look/words.js";
import { App } from "../workspace/app.js";
import { Bar } from "../workspace/bar.js";
import { LostLine } from "../workspace/connection.js";
import type { Overlay } from "../workspace/overlay.js";
import { Places, placeOf } from "../workspace/place.js";
import { Chosen, usual } from "../workspace/preferences.js";
import { learn } from "../workspace/said.js";
import type { Team } from "../workspace/team.js";
import { Workspace, WorkspaceContext } from "../workspace/workspace.js";
import { closedRows, counts, rows } from "./inboxrows.js";
import type { GalleryState } from "./state.js";
import { before, card, channels, events, now, route, silent, talk } from "./talk.js";

void learn("de");

/** Answers by the names of calls; a call that it does not know is never answered. */
type Answers = Record<string, unknown>;

/** A server that says what is made up. */
class Scripted extends Caller {
	constructor(private readonly answers: Answers) {
		super("");
	}

	override call<_, Response>(method: string): Promise<Response> {
		const said = this.answers[method.slice(method.lastIndexOf("/") + 1)];
		return said === undefined ? new Promise(() => {}) : Promise.resolve(said as Response);
	}
}

const answers: Answers = {
	ListConversations: { conversations: rows },
	CountConversations: { counts },
	GetConversation: { timeline: { items: talk }, route, summary: rows[0] },
	GetCustomer: { customer: card },
	ListChannels: { channels },
	ListEvents: { events },
	MarkSeen: {},
	ListSessions: {
		sessions: [
			{ sessionId: "s1", openedAt: before(60), expiresAt: before(-10_000), current: true },
			{ sessionId: "s2", openedAt: before(3000), expiresAt: before(-7000) },
		],
	},
};

const agents = [
	{ agentId: "ben", name: "Ben Sample", role: "ROLE_AGENT" as const },
	{ agentId: "kim", name: "Kim Sample", role: "ROLE_OWNER" as const },
	{ agentId: "lou", name: "Louise-Charlotte von Donaudampfschifffahrt", role: "ROLE_AGENT" as const },
];
const scopes = ["conversations:read", "conversations:write", "setup:read"];
const team = { me: { accountName: "Blue Shop", agent: agents[1], scopes }, agents, channels };

/** What a state of the workspace is. */
interface Scene {
	/** Below /workspace/. */
	path?: string;
	session?: SessionState<Team>;
	says?: Answers;
	overlay?: Overlay;
	size?: [number, number];
	/** What is there once it is drawn. */
	shows?: string;
	/** Done before it is drawn. */
	prepare?(workspace: Workspace): void;
	/** What is drawn instead of the whole. */
	draws?(): VNode;
}

function draw(scene: Scene, language: Language): VNode {
	const workspace = new Workspace({
		caller: new Scripted({ ...answers, ...scene.says }),
		stream: silent(),
		places: new Places(placeOf(new URL(`https://chat.example/workspace/${scene.path ?? "all"}`))),
		chosen: new Chosen({ ...usual, language }),
	});
	workspace.session.update(() => scene.session ?? { status: "in", who: team });
	if (workspace.session.value.who) workspace.inbox.start("kim");
	if (scene.overlay) workspace.show(scene.overlay);
	scene.prepare?.(workspace);
	return scene.draws ? (
		<WorkspaceContext.Provider value={workspace}>{scene.draws()}</WorkspaceContext.Provider>
	) : (
		<App workspace={workspace} />
	);
}

const row = ".row[data-id]";
const open = { path: "all/c1", shows: ".thread-pane .log .day" };
const dialog = "dialog[open]";

function lost(stage: "noticed" | "old"): () => VNode {
	return () => (
		<div class="desk">
			<Bar />
			<LostLine lost={{ since: new Date(now - 45_000), stage }} />
			<main class="nothing"></main>
		</div>
	);
}

const scenes: Record<string, Scene> = {
	"coming back": {
		path: open.path,
		shows: `.desk[inert] ${open.shows}`,
		prepare: ({ conversations, session }) =>
			void conversations
				.get("c1")
				.read()
				.then(() => setTimeout(() => session.end())),
	},
	opening: { session: { status: "opening" }, shows: "[role=status]" },
	"not reachable": { session: { status: "failed" } },
	"no more rows were loaded": {
		shows: "[role=alert]",
		prepare: ({ inbox }) =>
			inbox.watch(() => {
				const read = [...inbox.value.pages].find(([, one]) => one.status === "read");
				if (!read) return;
				const pages = new Map([[read[0], { ...read[1], status: "failed" as const, next: "more" }]]);
				inbox.update((state) => ({ ...state, pages }));
			}),
	},
	"nothing is open": { says: { ListConversations: {} }, shows: ".rows-state" },
	"what is closed": {
		path: "closed",
		says: { ListConversations: { conversations: closedRows } },
		shows: row,
	},
	"a conversation is open": open,
	"a conversation, with less room": { ...open, size: [1099, 800] },
	"a conversation, with what is around it above": {
		...open,
		size: [1000, 800],
		shows: ".drawer h2, .drawer h3",
		prepare: ({ drawer }) => drawer.update(() => true),
	},
	"a conversation, with room for one pane": { ...open, size: [759, 800] },
	"the inbox, with room for one pane": { size: [759, 800], shows: row },
	"the connection is lost": { draws: lost("noticed") },
	"the connection is lost for long": { draws: lost("old") },
	"all commands": { ...open, overlay: { kind: "commands" }, shows: dialog },
	"the sessions": { overlay: { kind: "sessions" }, shows: `${dialog} li` },
};

/** The states. */
export const states: GalleryState[] = Object.entries(scenes).map(([name, scene]) => ({
	name,
	size: scene.size,
	shows: scene.shows,
	draw: (language) => draw(scene, language),
}));
