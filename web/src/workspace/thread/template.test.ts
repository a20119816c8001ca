import { expect, test } from "vitest";
import type { MessageTemplateJson } from "../../gen/weiche/workspace/v1/workspace_pb.js";
import { blanks, filled, hasWords, isTextual, preview } from "./template.js";

const template: MessageTemplateJson = {
	name: "order_update",
	language: "en",
	components: [
		{ type: "HEADER", format: "TEXT", text: "Order {{1}}", parameters: 1 },
		{ type: "BODY", text: "Hello {{name}}, {{ what }}.", parameters: 2, parameterNames: ["name", "what"] },
		{
			type: "BUTTONS",
			buttons: [
				{ type: "QUICK_REPLY", text: "Yes" },
				{ type: "URL", text: "See", parameters: 1 },
			],
		},
	],
};

test("each value is asked for where it stands", () => {
	expect(blanks(template).map((blank) => [blank.place, blank.name])).toEqual([
		["HEADER", "1"],
		["BODY", "name"],
		["BODY", "what"],
		[1, "1"],
	]);
});

test("a filled template has each value at its place", () => {
	const made = filled(template, ["4711", "Ana", "it is here", "a1"]);
	expect([made.name, made.language]).toEqual(["order_update", "en"]);
	expect(JSON.parse(made.componentsJson ?? "")).toEqual([
		{ type: "header", parameters: [{ type: "text", text: "4711" }] },
		{
			type: "body",
			parameters: [
				{ type: "text", parameter_name: "name", text: "Ana" },
				{ type: "text", parameter_name: "what", text: "it is here" },
			],
		},
		{ type: "button", sub_type: "url", index: "1", parameters: [{ type: "text", text: "a1" }] },
	]);
	expect(filled({ name: "plain", language: "de" }, [])).toEqual({ name: "plain", language: "de" });
});

test("the preview shows what is filled in, as it is, and what is not", () => {
	const body = template.components?.[1] ?? {};
	expect(preview(body, template, ["", "$& {{what}}", "", ""])).toBe("Hello $& {{what}}, {{ what }}.");
});

test("templates are found by words, and those with pictures are told apart", () => {
	expect(hasWords(template, "ORDER hello")).toBe(true);
	expect(hasWords(template, "jacket")).toBe(false);
	expect(isTextual(template)).toBe(true);
	expect(isTextual({ components: [{ type: "HEADER", format: "IMAGE" }] })).toBe(false);
});
