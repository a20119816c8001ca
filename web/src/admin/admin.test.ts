import { expect, test } from "vitest";
import { CallError } from "../api/call.js";
import { Admin } from "./api.js";
import { actorOf, kindOf, subjectOf } from "./audit/describe.js";
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

test("an event of the audit says who, what and about whom", () => {
	const event = {
		"@type": "type.googleapis.com/weiche.event.v1.PasswordSet",
		agentId: "ana",
		by: "agent/kim",
	};
	expect([kindOf({ event }), subjectOf({ event }), actorOf({ event })]).toEqual([
		"PasswordSet",
		"ana",
		"agent/kim",
	]);
	const added = { "@type": "x/weiche.event.v1.AgentAdded", agentId: "ana", name: "Ana" };
	expect([subjectOf({ event: added }), actorOf({ event: added, actor: "api/admin" })]).toEqual([
		"Ana",
		"unrecorded",
	]);
});
