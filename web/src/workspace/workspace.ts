/** What the workspace knows and can do. Its components only draw. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { Caller, type CallOptions } from "../api/call.js";
import { Stream, surroundings } from "../api/stream.js";
import { Session } from "../look/session.js";
import { Store, useStore } from "../look/store.js";
import { Actions } from "./inbox/actions.js";
import { Inbox } from "./inbox/inbox.js";
import { Keys } from "./keys.js";
import type { Overlay } from "./overlay.js";
import { Places } from "./place.js";
import { Chosen, languageBy } from "./preferences.js";
import { saidIn } from "./said.js";
import { agentName, may, readTeam, type Team } from "./team.js";
import { Conversations } from "./thread/conversations.js";
import { Toasts } from "./toasts.js";

/** What a workspace is made of. */
export interface Parts {
	caller: Caller;
	stream: Stream;
	places: Places;
	chosen: Chosen;
}

/** Workspace is one page of one agent. */
export class Workspace {
	/** The one connection of the page. */
	readonly stream: Stream;
	/** Where the page is. */
	readonly places: Places;
	readonly chosen: Chosen;
	readonly session: Session<Team>;
	readonly toasts = new Toasts();
	readonly keys: Keys;
	/** The conversations that were opened. */
	readonly conversations: Conversations;
	/** Whether the context lies over the conversation, in a window where it has no room beside it. */
	readonly drawer = new Store(false);
	/** The dialog that is open, if any. */
	readonly overlay = new Store<Overlay | undefined>(undefined);
	/** All rows that the page knows. */
	readonly inbox: Inbox;
	/** What can be done with a conversation. */
	readonly actions: Actions;
	private began = false;

	constructor(parts: Parts) {
		this.stream = parts.stream;
		this.places = parts.places;
		this.chosen = parts.chosen;
		this.session = new Session(parts.caller, "/workspace/", readTeam);
		this.conversations = new Conversations(this, () => this.session.value.who?.me.agent?.agentId ?? "");
		this.keys = new Keys(() => this.chosen.value.keys);
		const call = this.call.bind(this);
		this.inbox = new Inbox(call, this.stream, this.places.value, () => void this.session.open());
		const words = () => saidIn(languageBy(this.chosen.value)).inbox;
		this.actions = new Actions(call, this.inbox, this.toasts, words, (id) =>
			agentName(this.session.value.who, id),
		);
	}

	/** That of the page. */
	static ofPage(): Workspace {
		const workspace = new Workspace({
			caller: new Caller(""),
			stream: new Stream(surroundings("", () => "")),
			places: Places.ofPage(),
			chosen: Chosen.ofPage(),
		});
		workspace.keys.listen(document);
		workspace.stream.watch((state) => state === "revoked" && workspace.session.end());
		workspace.session.watch(() => workspace.begin());
		void workspace.session.open();
		return workspace;
	}

	/** Begins once somebody is in, and goes on where they have come back. */
	private begin(): void {
		const { status, who } = this.session.value;
		if (status !== "in" || !who) return;
		if (!this.began) {
			this.began = true;
			this.inbox.start(who.me.agent?.agentId ?? "");
			this.conversations.takeUp();
			return;
		}
		if (this.stream.state === "revoked") this.stream.restart();
		this.inbox.again();
		this.conversations.goOn();
	}

	/** Opens a dialog. */
	show(overlay: Overlay): void {
		this.overlay.update(() => overlay);
	}

	/**
	 * Calls a method, such as weiche.workspace.v1.WorkspaceService/SendReply. Throws
	 * CallError; where the session has ended, the page asks to log in as well.
	 */
	call<Request, Response>(method: string, request: Request, options?: CallOptions): Promise<Response> {
		return this.session.call(method, request, options);
	}

	/** Asks to log in again, as the server knows nothing of the session any more. */
	ended(): void {
		this.session.end();
	}

	/** Whether the agent may do what a scope says, such as conversations:write. */
	may(scope: string): boolean {
		return may(this.session.value.who, scope);
	}
}

/** The workspace that a component is in. */
export const WorkspaceContext = createContext<Workspace | undefined>(undefined);

/** The workspace of the component. */
export function useWorkspace(): Workspace {
	const workspace = useContext(WorkspaceContext);
	if (!workspace) throw new Error("there is no workspace around this");
	return workspace;
}

/** Who is in. */
export function useTeam(): Team | undefined {
	return useStore(useWorkspace().session, (state) => state.who);
}
