/** Who is at the page, with whom they work, and over what. */

import { CallError, type Caller } from "../api/call.js";
import { coalesce } from "../api/coalesce.js";
import type {
	AgentJson,
	ChannelJson,
	GetMeResponseJson,
	ListAgentsResponseJson,
	ListChannelsResponseJson,
} from "../gen/weiche/workspace/v1/workspace_pb.js";
import { Store } from "../look/store.js";

/** Team is what a session is about. */
export interface Team {
	me: GetMeResponseJson;
	/** The agents of the account, in the order of their ids. */
	agents: AgentJson[];
	/** The connected channels of the account, widgets included. */
	channels: ChannelJson[];
}

/** SessionState is how a session stands. */
export interface SessionState {
	/**
	 * opening: nobody knows yet. failed: the server could not say. out: nobody has logged
	 * in. in: somebody has. ended: somebody had, and the page waits for them to come back.
	 */
	status: "opening" | "failed" | "out" | "in" | "ended";
	/** Who is in, or was. */
	team?: Team;
}

const workspaceService = "weiche.workspace.v1.WorkspaceService";
/** The service by which agents come in and go. */
export const accessService = "weiche.workspace.v1.AccessService";

/** Session is the session of the page's cookie. */
export class Session extends Store<SessionState> {
	constructor(private readonly caller: Caller) {
		super({ status: "opening" });
	}

	/** Finds out who is here. Where that is somebody else than before, the page is loaded anew. */
	readonly open = coalesce(async () => {
		try {
			const [me, agents, channels] = await Promise.all([
				this.caller.call<object, GetMeResponseJson>(`${workspaceService}/GetMe`, {}),
				this.caller.call<object, ListAgentsResponseJson>(`${workspaceService}/ListAgents`, {}),
				this.caller.call<object, ListChannelsResponseJson>(`${workspaceService}/ListChannels`, {}),
			]);
			const team = { me, agents: agents.agents ?? [], channels: channels.channels ?? [] };
			const before = this.value.team?.me;
			if (before && before.agent?.agentId !== me.agent?.agentId) return location.reload();
			this.update(() => ({ status: "in", team }));
		} catch (error) {
			if (error instanceof CallError && error.reason === "REASON_UNAUTHENTICATED") this.end();
			else this.update((now) => (now.team ? now : { status: "failed" }));
		}
	});

	/** It has ended: what is on the page stays there for who comes back. */
	end(): void {
		this.update((now) => ({ ...now, status: now.team ? "ended" : "out" }));
	}

	/** Logs in by a password. Throws CallError. */
	async logIn(login: string, password: string): Promise<void> {
		await this.caller.call(`${accessService}/LogIn`, { login, password });
		await this.open();
	}

	/** Logs out: nothing of the session stays on the page. */
	async logOut(): Promise<void> {
		await this.caller.call(`${accessService}/LogOut`, {});
		location.assign("/workspace/");
	}
}

/** Whether somebody may do what a scope says. */
export function may(team: Team | undefined, scope: string): boolean {
	return team?.me.scopes?.includes(scope) ?? false;
}

/** The name of an agent; their id where the account has none of that id. */
export function agentName(team: Team | undefined, agentId: string): string {
	return team?.agents.find((agent) => agent.agentId === agentId)?.name || agentId;
}
