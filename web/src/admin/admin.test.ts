import { expect, test } from "vitest";
import { CallError } from "../api/call.js";
import { Admin } from "./api.js";
import { actorOf, kindOf, namesIn, subjectOf } from "./audit/describe.js";
import { whoOf } from "./names.js";
import { faultyField, problemOf } from "./problem.js";
import { pathOf, routeOf } from "./route.js";
import { words } from "./words.js";

test("a place has an address, and an address a place", () => {
	expect(routeOf(pathOf("widgets", "shop-web"))).toEqual({ section: "widgets", id: "shop-web", detail: "" });
	expect(routeOf(pathOf("integrations", "new", "whatsapp"))).toEqual({
		section: "integrations",
		id: "new",
		detail: "whatsapp",
	});
	for (const path of ["/admin", "/admin/", "/admin/nonsense/%E0%A4%A"])
		expect(routeOf(path).section).toBe("integrations");
});

test("a call that is not answered is made again with the same token, and others are not", async () => {
	const tokens: unknown[] = [];
	const failing = (reason: string, times: number) => {
		let left = times;
		return new Admin({
			async call<Request, Response>(_: string, request: Request): Promise<Response> {
				tokens.push((request as { clientToken: string }).clientToken);
				if (left-- > 0) throw new CallError("unavailable", reason, "");
				return {} as Response;
			},
		});
	};
	await failing("REASON_NO_ANSWER", 2).removeAgent("a");
	expect(tokens).toHaveLength(3);
	expect(new Set(tokens).size).toBe(1);
	tokens.length = 0;
	await expect(failing("REASON_NO_ANSWER", 3).removeAgent("a")).rejects.toThrow();
	expect(tokens).toHaveLength(3);
	tokens.length = 0;
	await expect(failing("REASON_RATE_LIMITED", 1).removeAgent("a")).rejects.toThrow();
	expect(tokens).toHaveLength(1);
});

test("what was written is read", async () => {
	const read: unknown[] = [];
	const admin = new Admin({
		async call<Request, Response>(method: string, request: Request): Promise<Response> {
			if (method.endsWith("ListAgents")) read.push((request as { minPosition: string }).minPosition);
			return { position: "p7" } as Response;
		},
	});
	await admin.removeAgent("a");
	await admin.agents();
	expect(read).toEqual(["p7"]);
});

test("what a provider says is said in words, with its code and at its field", () => {
	const error = new CallError("failed_precondition", "REASON_CHANNEL_UNHEALTHY", "", {
		provider: "other_owner",
		provider_code: "100",
	});
	expect(problemOf(words.en, error)).toContain("(Meta's code 100)");
	expect(problemOf(words.de, error)).toContain("(Code 100 von Meta)");
	expect(faultyField(error)).toBe("owner");
	expect(problemOf(words.en, new Error("anything"))).toBe(words.en.problem.unknown);
});

test("an event of the audit says who, what and about whom, by the names that the audit tells", () => {
	let position = 0;
	const logged = (kind: string, fields: object) => ({
		position: String(++position),
		actor: "api/admin",
		event: { "@type": `type.googleapis.com/weiche.event.v1.${kind}`, ...fields },
	});
	const agent = logged("AgentAdded", { agentId: "ana", name: "Ana" });
	const renamed = logged("AgentAdded", { agentId: "ana", name: "Ana Silva", by: "agent/kim" });
	const opened = logged("SessionOpened", { sessionId: "s1", agentId: "ana" });
	const ended = logged("SessionEnded", { sessionId: "s1", by: "key/k1" });
	const key = logged("ApiKeyCreated", { keyId: "k1", name: "Till", by: "operator" });
	const channel = logged("IntegrationConnected", { integrationId: "wa", channel: "whatsapp", name: "Shop" });
	const site = logged("WidgetConfigured", { widgetId: "w", site: "shop.example" });
	const offered = logged("ChannelOffered", { widgetId: "w", integrationId: "wa", by: "gone/x" });
	const removed = logged("IntegrationRemoved", { integrationId: "unknown", by: "agent/gone" });
	const all = [agent, renamed, opened, ended, key, channel, site, offered, removed];
	// They come with the newest first.
	const names = namesIn([...all].reverse(), "Web chat");
	expect(
		all.map((event) => [kindOf(event), whoOf(words.en, names, actorOf(event)), subjectOf(event, names)]),
	).toEqual([
		["AgentAdded", "Not recorded", "Ana Silva"],
		["AgentAdded", "Agent kim", "Ana Silva"],
		["SessionOpened", "Ana Silva", "Ana Silva"],
		["SessionEnded", "API key Till", "Ana Silva"],
		["ApiKeyCreated", "The server's administrator", "Till"],
		["IntegrationConnected", "Not recorded", "WhatsApp · Shop"],
		["WidgetConfigured", "Not recorded", "shop.example"],
		["ChannelOffered", "Not recorded", "WhatsApp · Shop · shop.example"],
		["IntegrationRemoved", "Agent gone", "unknown"],
	]);
});
