import { expect, test } from "vitest";
import { isBlank, noDrafts, restore, sent, titlesOf, write } from "./draft.js";
import { requestOf } from "./outbox.js";

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

test("a draft that was sent before is the same as long as something of it is there", () => {
	const before = { token: "t1", request: { text: "hi" } };
	const back = restore(noDrafts, { ...noDrafts.reply, text: "hi", before }, false);
	expect(back.reply.before).toEqual(before);
	expect(write(back, { text: "hi there" }, "").reply.before).toEqual(before);
	const other = write(write(back, { text: "" }, ""), { text: "hi" }, "");
	expect(other.reply.before).toBeUndefined();
	// What goes together with something else is not what was sent.
	const joined = restore(
		write(noDrafts, { text: "and" }, ""),
		{ ...noDrafts.reply, text: "hi", before },
		false,
	);
	expect(joined.reply.before).toBeUndefined();
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
