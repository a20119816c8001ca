/** Uploads by XMLHttpRequest, which alone tells how much of a file is on its way. */

import { CallError } from "./call.js";

/** Uploaded is what the server says of a file that it has taken. */
export interface Uploaded {
	/** What a message names it by. */
	blob_id: string;
	/** image, video, audio, voice, sticker or document. */
	kind: string;
	mime_type: string;
	/** In bytes. */
	size: number;
}

/** Where a file goes, and who hears of it on the way. */
export interface Way {
	/** The address, with its query. */
	url: string;
	/** Headers, such as Authorization. */
	headers?: Record<string, string>;
	/** Is told how much is there, from 0 to 1. */
	progress(done: number): void;
	/** Ends it. */
	signal: AbortSignal;
}

/** Uploads a file. Throws CallError, also where its signal has ended it. */
export function upload(file: File, { url, headers = {}, progress, signal }: Way): Promise<Uploaded> {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();
		request.open("POST", url);
		request.responseType = "json";
		for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
		request.upload.addEventListener("progress", (event) => {
			if (event.lengthComputable) progress(event.loaded / event.total);
		});
		request.addEventListener("loadend", () => {
			const { status, response } = request;
			if (status === 200 && response?.blob_id) return resolve(response);
			const code = { 0: "offline", 401: "unauthenticated" }[status] ?? "unknown";
			reject(
				new CallError(
					response?.code ?? code,
					response?.reason ?? "",
					response?.message ?? "",
					response?.metadata ?? {},
				),
			);
		});
		signal.addEventListener("abort", () => request.abort());
		request.send(file);
	});
}
