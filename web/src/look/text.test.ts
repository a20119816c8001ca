import { expect, test } from "vitest";
import { pieces } from "./text.js";

const links = (text: string) =>
	pieces(text).flatMap((piece) => (piece.href ? [[piece.text, piece.href]] : []));

test("addresses are links, and what ends a sentence is not part of them", () => {
	expect(pieces("See https://blue-shop.example/a?b=1, or (http://x.example).")).toEqual([
		{ text: "See " },
		{
			text: "https://blue-shop.example/a?b=1",
			href: "https://blue-shop.example/a?b=1",
			host: "blue-shop.example",
		},
		{ text: ", or (" },
		{ text: "http://x.example", href: "http://x.example/", host: "x.example" },
		{ text: ")." },
	]);
});

test("pieces are the text, whatever it is", () => {
	for (const text of [
		"",
		"no link",
		"https://",
		"https://[",
		"http://a.example http://b.example",
		"a\nhttps://c.example\nd",
	]) {
		expect(
			pieces(text)
				.map((piece) => piece.text)
				.join(""),
		).toBe(text);
	}
});

test("only web addresses are links", () => {
	for (const text of [
		"javascript:alert(1)",
		"data:text/html,<script>alert(1)</script>",
		"vbscript:x",
		"file:///etc/passwd",
		"ftp://x.example",
		"//x.example",
		"jav\u0000ascript://x",
	]) {
		expect(links(text), text).toEqual([]);
	}
});

test("nothing is a link that looks like another host", () => {
	expect(links("https://bank.example@evil.example/")).toEqual([]);
	expect(links("https://bank.example\u202e/moc.live")).toEqual([
		["https://bank.example", "https://bank.example/"],
	]);
	// A name in letters of another script is shown as what it is when one points at it.
	expect(pieces("https://b\u0430nk.example")[0]?.host).toBe("xn--bnk-6cd.example");
});
