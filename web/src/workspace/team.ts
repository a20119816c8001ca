/** With whom an agent works, and over what. */

import type { Caller } from "../api/call.js";
import type {
	AgentJson,
	ChannelJson,
	ListAgentsResponseJson,
	ListChannelsResponseJson,
} from "../gen/weiche/workspace/v1/workspace_pb.js";
import { type Who, whoIsHere } from "../look/session.js";

/** Team is what the session of an agent is about. */
export interface Team extends Who {
	/** The agents of the account, in the order of their ids. */
	agents: AgentJson[];
	/** The connected channels of the account, widgets included. */
	channels: ChannelJson[];
}

const service = "weiche.workspace.v1.WorkspaceService";

/** Reads the team of who is here. Throws CallError. */
export async function readTeam(caller: Pick<Caller, "call">): Promise<Team> {
	const [me, agents, channels] = await Promise.all([
		whoIsHere(caller),
		caller.call<object, ListAgentsResponseJson>(`${service}/ListAgents`, {}),
		caller.call<object, ListChannelsResponseJson>(`${service}/ListChannels`, {}),
	]);
	return { me, agents: agents.agents ?? [], channels: channels.channels ?? [] };
}

/** Whether somebody may do what a scope says. */
export function may(team: Team | undefined, scope: string): boolean {
	return team?.me.scopes?.includes(scope) ?? false;
}

/** The name of an agent; their id where the account has none of that id. */
export function agentName(team: Team | undefined, agentId: string): string {
	return team?.agents.find((agent) => agent.agentId === agentId)?.name || agentId;
}
