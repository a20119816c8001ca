/** The team of the demo in tests: more agents, and customers who write to it. */

import { vi } from "vitest";
import type {
	CreateApiKeyRequestJson,
	CreateApiKeyResponseJson,
	PutAgentRequestJson,
	SetPasswordRequestJson,
} from "../src/gen/weiche/admin/v1/admin_pb.js";
import type { RoleJson } from "../src/gen/weiche/event/v1/account_pb.js";
import type {
	ChangeLabelsRequestJson,
	ListConversationsRequestJson,
	ListConversationsResponseJson,
} from "../src/gen/weiche/workspace/v1/workspace_pb.js";
import { account, call, fresh, provider } from "./api.js";

const service = "weiche.workspace.v1.WorkspaceService";
const admin = "weiche.admin.v1.AdminService";

let key: Promise<string> | undefined;

/** Calls the workspace as a program of the business. */
export async function asProgram<Request, Response>(method: string, request: Request): Promise<Response> {
	key ??= call<CreateApiKeyRequestJson, CreateApiKeyResponseJson>(`${admin}/CreateApiKey`, {
		accountId: account,
		name: "tests",
		scopes: ["conversations:read", "conversations:write"],
		clientToken: fresh("t"),
	}).then((made) => made.key ?? "");
	return call(`${service}/${method}`, request, await key);
}

/** Makes an agent and returns the id; with a password they log in by it and their id. */
export async function makeAgent(name: string, role: RoleJson = "ROLE_AGENT", password = ""): Promise<string> {
	const id = fresh(name.toLowerCase());
	await call<PutAgentRequestJson, unknown>(`${admin}/PutAgent`, {
		accountId: account,
		agent: { id, name, role, login: id },
		clientToken: fresh("t"),
	});
	if (password) {
		await call<SetPasswordRequestJson, unknown>(`${admin}/SetPassword`, {
			accountId: account,
			agentId: id,
			password,
			clientToken: fresh("t"),
		});
	}
	return id;
}

/** A customer who has written. */
export interface Customer {
	name: string;
	conversationId: string;
	/** Writes again. */
	write(text: string): Promise<void>;
}

/** A new person writes; returns once the inbox has it, with a label where one is given. */
export async function customer(text: string, label = "", channel = "whatsapp"): Promise<Customer> {
	const name = fresh("Ana");
	const integrations: Record<string, string> = { messenger: "300001", instagram: "400001" };
	const write = (said: string) =>
		provider<void>("POST", `/sim/people/${name}/send`, {
			integration: integrations[channel] ?? channel,
			text: said,
		});
	await provider("POST", "/sim/people", { name });
	const mark = fresh("m");
	await write(`${text} ${mark}`);
	const conversationId = await vi.waitFor(
		async () => {
			const page = await asProgram<ListConversationsRequestJson, ListConversationsResponseJson>(
				"ListConversations",
				{ limit: 50 },
			);
			const found = page.conversations?.find((row) => row.lastLine?.text?.endsWith(mark));
			if (!found?.conversationId) throw new Error("the inbox does not have it yet");
			return found.conversationId;
		},
		{ timeout: 10_000, interval: 50 },
	);
	if (label) {
		await asProgram<ChangeLabelsRequestJson, unknown>("ChangeLabels", {
			conversationId,
			add: [label],
			clientToken: fresh("t"),
		});
	}
	return { name, conversationId, write };
}
