import { expect, test } from "vitest";
import { whoIs } from "./signin.js";

test("a JWT says who it is about, and nothing else does", () => {
	const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
	const jwt = (claims: unknown) => `${encode({ alg: "HS256" })}.${encode(claims)}.c2lnbmVk`;
	expect(whoIs(jwt({ external_id: "u-42" }))).toBe("u-42");
	expect(whoIs(jwt({ external_id: "J\u00fcrgen \u2603?>" }))).toBe("J\u00fcrgen \u2603?>");
	for (const other of [undefined, "", "x", "a.b.c", jwt({}), jwt({ external_id: 42 }), jwt(null)]) {
		expect(whoIs(other)).toBe("");
	}
});
