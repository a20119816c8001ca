/** What the admin center asks the server for. */

import { CallError, type Caller, clientToken } from "../api/call.js";
import type {
	AgentSettingsJson,
	ApiKeyJson,
	CheckIntegrationResponseJson,
	ConnectIntegrationRequestJson,
	ConnectIntegrationResponseJson,
	CreateApiKeyRequestJson,
	CreateApiKeyResponseJson,
	IntegrationJson,
	ListAgentsResponseJson,
	ListApiKeysResponseJson,
	ListEventsResponseJson,
	ListIntegrationsResponseJson,
	ListWidgetsResponseJson,
	LoggedEventJson,
	MakeLoginLinkResponseJson,
	MakeVisitorKeyResponseJson,
	PutWidgetResponseJson,
	WidgetSettingsJson,
} from "../gen/weiche/admin/v1/admin_pb.js";
import type { AgentSetupJson, WidgetSetupJson } from "../gen/weiche/ingress/v1/command_pb.js";
import type { Names } from "./names.js";

const service = "weiche.admin.v1.AdminService/";

/** Reasons after which the same call again tells what became of it. */
const unanswered = ["REASON_NO_ANSWER", "REASON_BEHIND"];
/** How often a call is made that is not answered. */
const tries = 3;
/** A provider may be asked in between: that takes longer than a call of ours. */
const providersPatience = 40_000;
/** Events are read so many at a time. */
const page = 1000;

/** Admin sees what it has written: each call that reads waits for that. */
export class Admin {
	private position = "";

	constructor(private readonly caller: Pick<Caller, "call">) {}

	/** The channels of the account, widgets left out. */
	async integrations(): Promise<IntegrationJson[]> {
		const answer = await this.read<ListIntegrationsResponseJson>("ListIntegrations");
		return (answer.integrations ?? []).filter((integration) => integration.channel !== "widget");
	}

	/** Asks the provider whether it serves an integration. */
	async checkIntegration(integrationId: string): Promise<IntegrationJson> {
		const answer = await this.caller.call<unknown, CheckIntegrationResponseJson>(
			`${service}CheckIntegration`,
			{ integrationId },
			{ patience: providersPatience },
		);
		return answer.integration ?? {};
	}

	/** Connects a channel account or changes one; or asks the provider and changes nothing. */
	connect(request: ConnectIntegrationRequestJson): Promise<ConnectIntegrationResponseJson> {
		return this.write("ConnectIntegration", request, providersPatience);
	}

	/** Takes a channel account out of the account. */
	removeIntegration(integrationId: string): Promise<unknown> {
		return this.write("RemoveIntegration", { integrationId });
	}

	/** The widgets of the account. */
	async widgets(): Promise<WidgetSettingsJson[]> {
		return (await this.read<ListWidgetsResponseJson>("ListWidgets")).widgets ?? [];
	}

	/** Makes a widget what is said. */
	putWidget(widget: WidgetSetupJson): Promise<PutWidgetResponseJson> {
		return this.write("PutWidget", { widget });
	}

	/** Makes a key by which a site signs who its visitors are. */
	makeVisitorKey(widgetId: string): Promise<MakeVisitorKeyResponseJson> {
		return this.write("MakeVisitorKey", { widgetId });
	}

	/** Ends a key, and the sessions that it signed. */
	removeVisitorKey(widgetId: string, keyId: string): Promise<unknown> {
		return this.write("RemoveVisitorKey", { widgetId, keyId });
	}

	/** The agents of the account. */
	async agents(): Promise<AgentSettingsJson[]> {
		return (await this.read<ListAgentsResponseJson>("ListAgents")).agents ?? [];
	}

	/** The names of agents and API keys; none where they may not be read. */
	async names(): Promise<Names> {
		const names = new Map<string, string>();
		try {
			const [agents, keys] = await Promise.all([this.agents(), this.apiKeys()]);
			for (const { agent } of agents) names.set(`agent/${agent?.agentId}`, agent?.name ?? "");
			for (const { keyId, name } of keys) names.set(`key/${keyId}`, name ?? "");
		} catch {
			// Their ids do.
		}
		return names;
	}

	/** Adds or changes an agent. */
	putAgent(agent: AgentSetupJson): Promise<unknown> {
		return this.write("PutAgent", { agent });
	}

	/** Takes an agent out of the account. */
	removeAgent(agentId: string): Promise<unknown> {
		return this.write("RemoveAgent", { agentId });
	}

	/** Gives an agent a password, which ends their sessions. */
	setPassword(agentId: string, password: string): Promise<unknown> {
		return this.write("SetPassword", { agentId, password });
	}

	/** Makes a link by which an agent can log in once. */
	loginLink(agentId: string): Promise<MakeLoginLinkResponseJson> {
		return this.write("MakeLoginLink", { agentId });
	}

	/** Ends a session of an agent. */
	endSession(sessionId: string): Promise<unknown> {
		return this.write("EndAgentSession", { sessionId });
	}

	/** The API keys that count. */
	async apiKeys(): Promise<ApiKeyJson[]> {
		return (await this.read<ListApiKeysResponseJson>("ListApiKeys")).apiKeys ?? [];
	}

	/** Makes an API key, which is told only now. */
	createApiKey(key: CreateApiKeyRequestJson): Promise<CreateApiKeyResponseJson> {
		return this.write("CreateApiKey", key);
	}

	/** Ends an API key. */
	revokeApiKey(keyId: string): Promise<unknown> {
		return this.write("RevokeApiKey", { keyId });
	}

	/** The audit after a position, as far as one page goes; full says that there is more. */
	async events(after: string): Promise<{ events: LoggedEventJson[]; full: boolean }> {
		const answer = await this.caller.call<unknown, ListEventsResponseJson>(`${service}ListEvents`, {
			after,
			limit: page,
		});
		const events = answer.events ?? [];
		return { events, full: events.length === page };
	}

	private read<Response>(method: string): Promise<Response> {
		return this.caller.call(service + method, { minPosition: this.position });
	}

	private async write<Response extends { position?: string }>(
		method: string,
		request: object,
		patience?: number,
	): Promise<Response> {
		const said = { ...request, clientToken: clientToken() };
		for (let tried = 1; ; tried++) {
			try {
				const answer = await this.caller.call<unknown, Response>(service + method, said, { patience });
				if (answer.position) this.position = answer.position;
				return answer;
			} catch (error) {
				if (!(error instanceof CallError) || !unanswered.includes(error.reason) || tried === tries)
					throw error;
			}
		}
	}
}
