import { expect, test } from "vitest";
import { DraftStore, isBlank, noDrafts, restore, sent, titlesOf, write } from "./draft.js";
import { requestOf } from "./outbox.js";

class Memory {
	readonly all = new Map<string, string>();
	full = false;
	getItem = (key: string) => this.all.get(key) ?? null;
	removeItem = (key: string) => void this.all.delete(key);
	setItem = (key: string, value: string) => {
		if (this.full) throw new Error("full");
		this.all.set(key, value);
	};
}

test("reply and note are kept apart, and sending one leaves the other", () => {
	let drafts = write(noDrafts, { text: "to Ana" }, "wa");
	drafts = write({ ...drafts, mode: "note" }, { text: "among us" }, "wa");
	expect([drafts.reply.text, drafts.note.text]).toEqual(["to Ana", "among us"]);
	expect(sent(drafts)).toMatchObject({
		mode: "note",
		reply: { text: "to Ana" },
		note: { text: "" },
		begunFor: "wa",
	});
});

test("a reply remembers where it was begun until it is blank again", () => {
	let drafts = write(noDrafts, { text: "h" }, "wa");
	drafts = write(drafts, { text: "hi" }, "shop");
	expect(drafts.begunFor).toBe("wa");
	drafts = write(drafts, { text: " " }, "shop");
	expect(drafts.begunFor).toBe("");
});

test("what was not sent comes back before what was written since", () => {
	const drafts = write(noDrafts, { text: "second" }, "wa");
	expect(restore(drafts, { ...noDrafts.reply, text: "first" }, false).reply.text).toBe("first\n\nsecond");
});

test("drafts outlive the page, for the one who wrote them", () => {
	const memory = new Memory();
	const drafts = { ...write(noDrafts, { text: "hi" }, "wa"), pinned: "wa" };
	new DraftStore(memory, "kim").write("c1", drafts);
	expect(new DraftStore(memory, "kim").read("c1")).toEqual(drafts);
	expect(new DraftStore(memory, "ben").read("c1")).toEqual(noDrafts);
	expect(new DraftStore(memory, "kim").read("c2")).toEqual(noDrafts);
	new DraftStore(memory, "kim").write("c1", noDrafts);
	expect(memory.all.size).toBe(0);
});

test("storage that is broken or full keeps nobody from writing", () => {
	const memory = new Memory();
	memory.all.set("weiche:draft:kim:c1", "{");
	expect(new DraftStore(memory, "kim").read("c1")).toEqual(noDrafts);
	memory.full = true;
	new DraftStore(memory, "kim").write("c1", write(noDrafts, { text: "hi" }, ""));
});

test("a note is never sent to a channel, whatever was chosen for replies", () => {
	const draft = { ...noDrafts.note, text: "among us" };
	const request = requestOf(draft, { note: true, channel: "", pinned: "wa", seen: "4", strict: true });
	expect(request).toEqual({ text: "among us", destination: { note: true } });
});

test("a request says what was seen, what was chosen, and all that goes with the text", () => {
	const file = { name: "a.png", type: "image/png", size: 3, blobId: "b", kind: "MEDIA_KIND_IMAGE" } as const;
	const draft = { text: " Which? ", files: [file], buttons: ["Blue", "", "Blue", " Red"], answers: "m1" };
	expect(titlesOf(draft)).toEqual(["Blue", "Red"]);
	expect(isBlank({ ...draft, text: "", files: [], buttons: [" "] })).toBe(true);
	expect(
		requestOf(draft, { note: false, channel: "whatsapp", pinned: "wa", seen: "4", strict: true }),
	).toEqual({
		content: {
			parts: [
				{
					media: {
						blobId: "b",
						kind: "MEDIA_KIND_IMAGE",
						mimeType: "image/png",
						size: "3",
						fileName: "a.png",
					},
				},
				{
					buttons: {
						body: "Which?",
						buttons: [
							{ title: "Blue", payload: "Blue" },
							{ title: "Red", payload: "Red" },
						],
					},
				},
			],
		},
		replyToMessageId: "m1",
		destination: { integrationId: "wa" },
		seenRouteVersion: "4",
		strict: true,
	});
});
