import { expect, test } from "vitest";
import { noDrafts, write } from "./draft.js";
import { Keeper, unsent } from "./kept.js";
import type { Pending } from "./outbox.js";

class Memory {
	readonly all = new Map<string, string>();
	full = false;
	get length() {
		return this.all.size;
	}
	key = (at: number) => [...this.all.keys()][at] ?? null;
	getItem = (key: string) => this.all.get(key) ?? null;
	removeItem = (key: string) => void this.all.delete(key);
	setItem = (key: string, value: string) => {
		if (this.full) throw new Error("full");
		this.all.set(key, value);
	};
}

const nothing = { drafts: noDrafts, outbox: [] };

/** A message that nobody has answered. */
const pending: Pending = {
	token: "t1",
	draft: { ...noDrafts.reply, text: "hello" },
	note: false,
	channel: "whatsapp",
	request: { text: "hello" },
	at: 1000,
	messageId: "",
	standing: "unanswered",
	error: "offline",
};

test("drafts and what is on its way outlive the page, for the one who wrote them", () => {
	const memory = new Memory();
	const drafts = { ...write(noDrafts, { text: "hi" }, "wa"), pinned: "wa" };
	const keeper = new Keeper(memory, "kim");
	keeper.write("c1", drafts, [pending, { ...pending, token: "t2", messageId: "m2" }]);
	expect(new Keeper(memory, "kim").read("c1")).toEqual({ drafts, outbox: [pending] });
	expect(new Keeper(memory, "ben").read("c1")).toEqual(nothing);
	expect(keeper.read("c2")).toEqual(nothing);
	keeper.write("c1", noDrafts, []);
	expect(memory.all.size).toBe(0);
});

test("storage that is broken or full keeps nobody from writing", () => {
	const memory = new Memory();
	memory.all.set("weiche:draft:kim:c1", "{");
	expect(new Keeper(memory, "kim").read("c1")).toEqual(nothing);
	memory.full = true;
	new Keeper(memory, "kim").write("c1", write(noDrafts, { text: "hi" }, ""), []);
});

test("what is left to send is found, whichever conversation it is in", () => {
	const memory = new Memory();
	const kim = new Keeper(memory, "kim");
	kim.write("c1", write(noDrafts, { text: "half a sen" }, ""), []);
	kim.write("c2", noDrafts, [pending]);
	kim.write("c3", noDrafts, [{ ...pending, messageId: "m3" }]);
	new Keeper(memory, "ben").write("c4", noDrafts, [pending]);
	memory.all.set("weiche:draft:kim:c5", "{");
	expect(unsent(memory, "kim")).toEqual(["c2"]);
});
