/** States of the workspace around the conversation: the list, its dialogs, and coming in. */

import type { VNode } from "preact";
import { CallError, Caller } from "../api/call.js";
import { Stream } from "../api/stream.js";
import type { Language } from "../look/words.js";
import { Desk } from "../workspace/app.js";
import { nothing, paged, type Row, reads } from "../workspace/inbox/state.js";
import type { Overlay } from "../workspace/overlay.js";
import { type Place, Places } from "../workspace/place.js";
import { Chosen, usual } from "../workspace/preferences.js";
import { Workspace, WorkspaceContext } from "../workspace/workspace.js";
import type { GalleryState } from "./state.js";
import "../look/page.css";
import "../look/controls.css";
import "../look/dialog.css";
import "../look/login.css";
import "../look/menu.css";

const before = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

/** A connection that says nothing. */
const silent = () => ({ say: () => {}, close: () => {} });

/** A caller whom nobody answers. */
class Unanswered extends Caller {
	override call<_, Response>(): Promise<Response> {
		return new Promise(() => {});
	}
}

/** A caller who reaches nobody. */
class Unreached extends Caller {
	override call<_, Response>(): Promise<Response> {
		return Promise.reject(new CallError("offline", "", ""));
	}
}

function row(number: number, more: Row): Row {
	return {
		conversationId: `c${number}`,
		customerId: `customer-0${number}`,
		status: "CONVERSATION_STATUS_OPEN",
		channel: "whatsapp",
		channels: ["whatsapp", "widget"],
		active: String(100 - number),
		changed: String(100 - number),
		activeAt: before(number * number * 7),
		...more,
	};
}

const said = (text: string) => ({ speaker: "SPEAKER_CUSTOMER", text }) as const;

const rows: Row[] = [
	row(1, {
		customerName: "Ana Silva",
		unread: 2,
		waitingSince: before(12),
		lastLine: said("Is there any news of my order?"),
	}),
	row(2, {
		customerName: "Katharina Schmidt-Reuter von der Hohenwarte",
		channel: "messenger",
		labels: ["billing", "a label that is rather long"],
		assigneeId: "kim",
		lastLine: {
			speaker: "SPEAKER_AGENT",
			agentId: "kim",
			text: "I have asked the warehouse, and will tell you today.",
		},
	}),
	row(3, {
		channel: "instagram",
		unread: 1,
		waitingSince: before(95),
		lastLine: said(
			"\u0645\u0631\u062d\u0628\u0627\u060c \u0645\u062a\u0649 \u064a\u0635\u0644 \u0637\u0644\u0628\u064a\u061f",
		),
	}),
	row(4, {
		customerName: "Jonas Lindqvist",
		troubles: 1,
		assigneeId: "ben",
		lastLine: { speaker: "SPEAKER_AGENT", agentId: "ben", text: "It left us yesterday." },
	}),
	row(5, {
		customerName: "Noor Haddad",
		channel: "widget",
		labels: ["vip"],
		lastLine: { speaker: "SPEAKER_NOTE", agentId: "ben", text: "She wrote by mail as well." },
	}),
	row(6, { customerName: "Wei Nakamura", lastLine: { speaker: "SPEAKER_CUSTOMER", other: "image" } }),
	row(7, { erased: true, lastLine: { speaker: "SPEAKER_CUSTOMER", unsent: true } }),
];

interface Made {
	place?: Partial<Place>;
	rows?: Row[];
	status?: "reading" | "failed";
	overlay?: Overlay;
	mayOnlyRead?: boolean;
	prepare?(workspace: Workspace): void;
}

/** Draws the workspace as it is made. */
function desk(language: Language, made: Made): VNode {
	const place: Place = { view: "all", conversationId: "", channel: "", label: "", ...made.place };
	const workspace = new Workspace({
		caller: made.status === "failed" ? new Unreached("") : new Unanswered(""),
		stream: new Stream({
			dials: [silent, silent],
			authorization: () => "",
			random: () => 0,
			after: () => () => {},
			onComeback: () => () => {},
			onGone: () => () => {},
		}),
		places: new Places(place),
		chosen: new Chosen({ ...usual, language }),
	});
	const agents = [
		{ agentId: "kim", name: "Kim Berg" },
		{ agentId: "ben", name: "Ben Okafor" },
	];
	workspace.session.update(() => ({
		status: "in",
		who: {
			me: {
				accountId: "shop",
				accountName: "Blue Shop",
				agent: agents[0],
				scopes: ["conversations:read", "conversations:write", "setup:read"],
			},
			agents,
			channels: ["whatsapp", "messenger", "instagram", "widget"].map((channel) => ({
				integrationId: channel,
				channel,
			})),
		},
	}));
	workspace.inbox.update(() => {
		const empty = nothing(place, "kim");
		if (made.status) return reads(empty, place, made.status);
		return paged(empty, place, { conversations: made.rows ?? rows });
	});
	workspace.inbox.counts.update(() => ({
		mine: 1,
		unassigned: 1204,
		open: 1310,
		closed: 20_718,
		unread: 2,
		labels: { billing: 3, vip: 1, "a label that is rather long": 1 },
	}));
	if (made.overlay) workspace.show(made.overlay);
	made.prepare?.(workspace);
	return (
		<WorkspaceContext.Provider value={workspace}>
			<Desk inert={false} />
		</WorkspaceContext.Provider>
	);
}

function state(name: string, made: Made, size?: [number, number]): GalleryState {
	const shows = made.status && { reading: ".ghost", failed: ".list-pane [role=alert]" }[made.status];
	return { name, size, shows, draw: (language) => desk(language, made) };
}

export const states: GalleryState[] = [
	state("conversations", {}),
	state("conversations on a phone", {}, [320, 640]),
	state("nothing is mine", { place: { view: "mine" }, rows: [] }),
	state("everything is assigned", { place: { view: "unassigned" }, rows: [] }),
	state("nothing fits the filters", { place: { channel: "messenger", label: "vip" }, rows: [] }),
	state("loading", { status: "reading" }),
	state("could not be loaded", { status: "failed" }),
	state("commands", { overlay: { kind: "commands" } }),
	state("find", { overlay: { kind: "find" } }),
	state("assign", { overlay: { kind: "assign", conversationId: "c2" } }),
	state("labels", { overlay: { kind: "labels", conversationId: "c2" } }),
	state("keyboard", { overlay: { kind: "help" } }),
	state("settings", { overlay: { kind: "settings" } }),
	state("password", { overlay: { kind: "password" } }),
	state("done and not saved", {
		prepare: ({ toasts, actions }) => {
			actions.close("c1");
			toasts.show({
				text: "Not saved. Check your connection and try again.",
				bad: true,
				action: { label: "Try again", run: () => {} },
			});
		},
	}),
];
