/** Uploads by XMLHttpRequest, which alone tells how much of a file is on its way. */

import type { Refusal } from "./files.js";

/** UploadError is what an upload ends with that did not succeed. */
export class UploadError extends Error {
	constructor(readonly refusal: Refusal) {
		super(refusal.why);
	}
}

/**
 * Uploads a file of a visitor and returns what a message names it by. Throws
 * UploadError; aborted by its signal it never returns.
 *
 * @param progress is told how much is there, from 0 to 1
 */
export function upload(
	origin: string,
	headers: Record<string, string>,
	file: File,
	progress: (done: number) => void,
	signal: AbortSignal,
): Promise<string> {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();
		const fail = (refusal: Refusal) => reject(new UploadError(refusal));
		request.open("POST", `${origin}/v1/widget/uploads?name=${encodeURIComponent(file.name)}`);
		request.responseType = "json";
		for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
		request.upload.addEventListener("progress", (event) => {
			if (event.lengthComputable) progress(event.loaded / event.total);
		});
		request.addEventListener("load", () => {
			const said = request.response as {
				blob_id?: string;
				reason?: string;
				metadata?: { limit?: string };
			} | null;
			if (request.status === 200 && said?.blob_id) resolve(said.blob_id);
			else if (said?.reason === "REASON_TOO_LARGE")
				fail({ why: "size", limit: Number(said.metadata?.limit) });
			else fail({ why: request.status === 400 ? "type" : "unreachable" });
		});
		request.addEventListener("error", () => fail({ why: "unreachable" }));
		signal.addEventListener("abort", () => request.abort());
		request.send(file);
	});
}
