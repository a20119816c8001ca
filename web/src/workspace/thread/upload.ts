/** Files on their way to the server, before they are a part of a message. */

import type { MediaKindJson } from "../../gen/weiche/event/v1/content_pb.js";
import { Store } from "../../look/store.js";
import type { Uploaded } from "./draft.js";

/** Upload is one file on its way. */
export interface Upload {
	number: number;
	name: string;
	size: number;
	/** How much of it is there, in hundredths. */
	percent: number;
}

/** What the server answers. */
interface Answer {
	blob_id: string;
	kind: string;
	mime_type: string;
	size: number;
}

/** Uploads sends files for one conversation. */
export class Uploads extends Store<readonly Upload[]> {
	private last = 0;
	private readonly running = new Map<number, XMLHttpRequest>();
	/** Those that wait for a session. */
	private readonly waiting = new Map<number, (next: "go" | "stopped") => void>();

	/** @param ended is told that the session has ended */
	constructor(
		private readonly conversationId: string,
		private readonly ended: () => void,
	) {
		super([]);
	}

	/** Sends a file, unless somebody stops that. Where the session has ended, it waits for the next. */
	async send(file: File): Promise<Uploaded | "failed" | "stopped"> {
		const number = ++this.last;
		this.update((all) => [...all, { number, name: file.name, size: file.size, percent: 0 }]);
		try {
			let answer = await this.post(number, file);
			while (answer === "ended") {
				const next = new Promise<"go" | "stopped">((resolve) => this.waiting.set(number, resolve));
				this.ended();
				answer = (await next) === "go" ? await this.post(number, file) : "stopped";
			}
			if (typeof answer === "string") return answer;
			return {
				name: file.name,
				type: answer.mime_type,
				size: answer.size,
				blobId: answer.blob_id,
				kind: `MEDIA_KIND_${answer.kind.toUpperCase()}` as MediaKindJson,
			};
		} finally {
			this.running.delete(number);
			this.update((all) => all.filter((one) => one.number !== number));
		}
	}

	/** Ends one. */
	stop(number: number): void {
		this.running.get(number)?.abort();
		this.waiting.get(number)?.("stopped");
	}

	/** Goes on with those that wait for a session. */
	go(): void {
		const all = [...this.waiting.values()];
		this.waiting.clear();
		for (const next of all) next("go");
	}

	// fetch does not tell how far it is.
	private post(number: number, file: File): Promise<Answer | "failed" | "ended" | "stopped"> {
		const request = new XMLHttpRequest();
		this.running.set(number, request);
		const query = new URLSearchParams({ conversation_id: this.conversationId, name: file.name });
		return new Promise((resolve) => {
			request.upload.addEventListener("progress", (event) => {
				if (!event.lengthComputable) return;
				const percent = Math.floor((event.loaded / event.total) * 100);
				this.update((all) => all.map((one) => (one.number === number ? { ...one, percent } : one)));
			});
			request.addEventListener("abort", () => resolve("stopped"));
			request.addEventListener("loadend", () => {
				if (request.status === 200) resolve(request.response as Answer);
				else resolve(request.status === 401 ? "ended" : "failed");
			});
			request.open("POST", `/v1/uploads?${query}`);
			request.responseType = "json";
			request.send(file);
		});
	}
}
