/** Files on their way to the server, before they are a part of a message. */

import { CallError } from "../../api/call.js";
import { type Uploaded as Answer, upload } from "../../api/upload.js";
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

/** Uploads sends files for one conversation. */
export class Uploads extends Store<readonly Upload[]> {
	private last = 0;
	private readonly running = new Map<number, AbortController>();
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

	private async post(number: number, file: File): Promise<Answer | "failed" | "ended" | "stopped"> {
		const call = new AbortController();
		this.running.set(number, call);
		const query = new URLSearchParams({ conversation_id: this.conversationId, name: file.name });
		try {
			return await upload(file, {
				url: `/v1/uploads?${query}`,
				progress: (done) => this.tell(number, Math.floor(done * 100)),
				signal: call.signal,
			});
		} catch (cause) {
			if (!(cause instanceof CallError)) throw cause;
			if (call.signal.aborted) return "stopped";
			return cause.code === "unauthenticated" ? "ended" : "failed";
		}
	}

	private tell(number: number, percent: number): void {
		this.update((all) => all.map((one) => (one.number === number ? { ...one, percent } : one)));
	}
}
