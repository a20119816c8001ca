import { describe, expect, test } from "vitest";
import { add, areReady, change, most, next, noFiles, refusalOf, remove } from "./files.js";

/** A file that says to have so many bytes. */
function file(name: string, size = 1, type = ""): File {
	const made = new File(["x"], name, { type });
	Object.defineProperty(made, "size", { value: size });
	return made;
}

describe("what is refused before it is uploaded", () => {
	const active: [name: string, type: string][] = [
		["page.html", "text/html"],
		["drawing.svg", "image/svg+xml"],
		["picture.png", "image/svg+xml"],
		["tool.EXE", ""],
		["run.sh", "application/x-sh"],
		["app.apk", "application/vnd.android.package-archive"],
		["script", "text/javascript"],
	];
	test.each(active)("what runs somewhere: %s of type %s", (name, type) => {
		expect(refusalOf({ name, type, size: 1 }, 0)).toEqual({ why: "type" });
	});

	test.each([
		["photo.jpg", "image/jpeg"],
		["letter.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
		["notes", ""],
		["html.txt", "text/plain"],
	])("but not %s", (name, type) => {
		expect(refusalOf({ name, type, size: most.bytes }, most.files - 1)).toBeUndefined();
	});

	test("what is too large, empty, or one too many, with the limit", () => {
		expect(refusalOf(file("a", most.bytes + 1), 0)).toEqual({ why: "size", limit: most.bytes });
		expect(refusalOf(file("a", 0), 0)).toEqual({ why: "empty" });
		expect(refusalOf(file("a"), most.files)).toEqual({ why: "count", limit: most.files });
	});
});

test("files keep their order, and what was refused is said until the next are added", () => {
	const some = add(noFiles, [file("a"), file("b.exe"), file("c")]);
	expect(some.chosen.map((one) => one.file.name)).toEqual(["a", "c"]);
	expect(some.refused).toEqual([{ name: "b.exe", refusal: { why: "type" } }]);
	const more = add(some, [file("d")]);
	expect(more.refused).toEqual([]);
	expect(more.chosen.map((one) => one.id)).toEqual([1, 2, 3]);
	expect(remove(more, 2).chosen.map((one) => one.file.name)).toEqual(["a", "d"]);
});

test("so many are uploaded at a time, and all have to be there", () => {
	let files = add(noFiles, [file("a"), file("b"), file("c")]);
	expect(next(files, 2, new Set())?.id).toBe(1);
	expect(next(files, 2, new Set([1]))?.id).toBe(2);
	expect(next(files, 2, new Set([1, 2]))).toBeUndefined();
	files = change(files, 1, { blobId: "one" });
	files = change(files, 2, { failed: { why: "unreachable" } });
	expect(next(files, 2, new Set())?.id).toBe(3);
	expect(areReady(files)).toBe(false);
	files = change(remove(files, 2), 3, { blobId: "three" });
	expect(areReady(files)).toBe(true);
});
