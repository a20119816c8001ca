/** The files that go with the next message, as plain values. */

import type { CallError } from "../../api/call.js";

/** The most bytes that a file of a visitor may have, and the most files that a message may have. */
export const most = { bytes: 25 * 1024 * 1024, files: 10 } as const;

/** Why a file is not taken. */
export type Refusal =
	/** It has more bytes than may be. */
	| { why: "size"; limit: number }
	/** It runs somewhere: a program, a script, a page. */
	| { why: "type" }
	/** It has no bytes, or is a folder. */
	| { why: "empty" }
	/** There are as many files as may be. */
	| { why: "count"; limit: number }
	/** The server was not reached, or could not. */
	| { why: "unreachable" };

/** Chosen is a file that the customer has chosen. */
export interface Chosen {
	id: number;
	file: File;
	/** How much of it has been uploaded, from 0 to 1. */
	done: number;
	/** What a message names it by, once it was uploaded. */
	blobId?: string;
	/** Why it was not uploaded. */
	failed?: Refusal;
}

/** Files are those that were chosen, in their order, and those that were not taken. */
export interface Files {
	chosen: readonly Chosen[];
	refused: readonly { name: string; refusal: Refusal }[];
	/** The last id that was given. */
	last: number;
}

export const noFiles: Files = { chosen: [], refused: [], last: 0 };

/** Types of files that run somewhere, which the server takes from nobody. */
const activeTypes =
	/^(text\/(html|xml|javascript|x-(shellscript|python|perl|php|lua|tcl))|image\/svg\+xml|application\/(xml|xhtml\+xml|(x-)?javascript|x-(msdownload|msdos-program|executable|elf|sharedlib|mach-binary|sh|java-applet|shockwave-flash|chrome-extension|ms-shortcut|ms-installer|msi)|vnd\.microsoft\.portable-executable|vnd\.android\.package-archive|jar|java-archive|wasm))$/;
const activeNames =
	/\.(html?|xhtml|xml|svg|m?js|exe|dll|com|scr|msi|bat|cmd|ps1|sh|py|pl|php|lua|tcl|jar|class|apk|wasm|swf|crx|lnk|app)$/i;

/** Why a file is not taken beside so many others; nothing for one that is. */
export function refusalOf(
	file: { name: string; type: string; size: number },
	others: number,
): Refusal | undefined {
	if (activeTypes.test(file.type) || activeNames.test(file.name)) return { why: "type" };
	if (file.size > most.bytes) return { why: "size", limit: most.bytes };
	if (file.size === 0) return { why: "empty" };
	if (others >= most.files) return { why: "count", limit: most.files };
	return undefined;
}

/** Why a file is not taken that the server has refused. */
export function refusedBy({ code, reason, metadata }: CallError): Refusal {
	if (reason === "REASON_TOO_LARGE") return { why: "size", limit: Number(metadata.limit) };
	return { why: code === "invalid_argument" ? "type" : "unreachable" };
}

/** Adds files; those that are not taken are said, and the ones refused before are forgotten. */
export function add(files: Files, added: readonly File[]): Files {
	const next = { chosen: [...files.chosen], refused: [...noFiles.refused], last: files.last };
	for (const file of added) {
		const refusal = refusalOf(file, next.chosen.length);
		if (refusal) next.refused.push({ name: file.name, refusal });
		else next.chosen.push({ id: ++next.last, file, done: 0 });
	}
	return next;
}

/** Changes what is known of a chosen file. */
export function change(files: Files, id: number, to: Partial<Chosen>): Files {
	return { ...files, chosen: files.chosen.map((one) => (one.id === id ? { ...one, ...to } : one)) };
}

/** The files as they were before any was uploaded. */
export function anew(files: Files): Files {
	return { ...files, chosen: files.chosen.map(({ id, file }) => ({ id, file, done: 0 })) };
}

/** Takes a chosen file out. */
export function remove(files: Files, id: number): Files {
	return { ...files, refused: [], chosen: files.chosen.filter((one) => one.id !== id) };
}

/** The next file to upload, where fewer than so many are under way. */
export function next(files: Files, atOnce: number, underWay: ReadonlySet<number>): Chosen | undefined {
	if (underWay.size >= atOnce) return undefined;
	return files.chosen.find((one) => !one.blobId && !one.failed && !underWay.has(one.id));
}

/** Whether all that was chosen can be sent now. */
export function areReady(files: Files): boolean {
	return files.chosen.every((one) => one.blobId);
}
