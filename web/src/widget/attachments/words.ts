/** What is said of files that go with a message. */

import { bytes } from "../../look/bytes.js";
import { plural } from "../../look/words.js";

export const english = {
	attach: "Add files",
	files: "Files to send",
	remove: (name: string) => `Remove ${name}`,
	uploading: (name: string) => `Uploading ${name}`,
	ready: (n: number) => plural("en", n, "# file is ready to send", "# files are ready to send"),
	notTaken: (name: string) => `${name} was not added.`,
	size: (limit: number) => `A file can have at most ${bytes("en", limit)}.`,
	type: "Programs, scripts and web pages cannot be sent.",
	empty: "It is empty.",
	count: (limit: number) => `A message can have at most ${limit} files.`,
	unreachable: "Not uploaded.",
	retry: "Try again",
	drop: "Drop files here",
};

/** The same in one language. */
export type FileWords = typeof english;
