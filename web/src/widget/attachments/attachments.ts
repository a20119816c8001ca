/** Files that a visitor adds to a message, from their choice to their upload. */

import { CallError } from "../../api/call.js";
import { upload } from "../../api/upload.js";
import { Store } from "../../look/store.js";
import type { Conversation } from "../conversation.js";
import type { Attached, Unsent } from "../kept.js";
import {
	add,
	anew,
	areReady,
	type Chosen,
	change,
	type Files,
	next,
	noFiles,
	refusedBy,
	remove,
} from "./files.js";

/** So many are uploaded at a time; a server takes few more of one address. */
const atOnce = 2;

/** Attachments are the files that wait to be sent with the next message. */
export class Attachments {
	/** What of them there is to show. */
	readonly store = new Store<Files>(noFiles);
	private readonly underWay = new Map<number, AbortController>();
	/** Files that went with messages, by what those name them: one that is refused may need them again. */
	private readonly given = new Map<string, File>();

	/** The session that the files are uploaded in: they count for its visitor alone. */
	private session: string;
	private readonly stopWatching: () => void;

	constructor(private readonly conversation: Conversation) {
		this.session = conversation.kept.token;
		this.stopWatching = conversation.store.watch(() => this.follow());
	}

	/** Whether the composer may send: nothing is under way or did not arrive. */
	get settled(): boolean {
		return areReady(this.store.value);
	}

	/** Adds files that were chosen, pasted or dropped, and begins to upload those that may be sent. */
	add(files: readonly File[]): void {
		if (files.length === 0) return;
		this.store.update((now) => add(now, files));
		this.go();
	}

	/** Takes a file out, and ends its upload. */
	remove(id: number): void {
		this.underWay.get(id)?.abort();
		this.underWay.delete(id);
		this.store.update((now) => remove(now, id));
		this.go();
	}

	/** Tries again what did not arrive. */
	retry(id: number): void {
		this.store.update((now) => change(now, id, { failed: undefined, done: 0 }));
		this.go();
	}

	/** Takes them out, for the message that is sent now. */
	take(): Attached[] {
		const { chosen } = this.store.value;
		for (const { blobId, file } of chosen) if (blobId) this.given.set(blobId, file);
		this.store.update((now) => ({ ...noFiles, last: now.last }));
		return chosen.flatMap(({ blobId, file }) =>
			blobId ? [{ blobId, name: file.name, mimeType: file.type, size: file.size }] : [],
		);
	}

	/** Takes the files of a message back that was refused, as far as this page has them still. */
	takeBack({ attachments = [] }: Unsent): void {
		this.add(attachments.flatMap(({ blobId }) => this.given.get(blobId) ?? []));
	}

	/** Ends what is under way. */
	close(): void {
		this.stopWatching();
		this.halt();
	}

	private halt(): void {
		for (const call of this.underWay.values()) call.abort();
		this.underWay.clear();
	}

	/** Drops the files of somebody who has left, and uploads anew those of one who has signed in. */
	private follow(): void {
		const { token } = this.conversation.kept;
		if (token === this.session) return;
		const had = this.session !== "";
		this.session = token;
		if (!had) return;
		this.halt();
		if (token) this.store.update(anew);
		else {
			this.store.update((now) => ({ ...noFiles, last: now.last }));
			this.given.clear();
		}
		this.go();
	}

	private go(): void {
		for (;;) {
			const one = next(this.store.value, atOnce, new Set(this.underWay.keys()));
			if (!one) return;
			const call = new AbortController();
			this.underWay.set(one.id, call);
			void this.upload(one, call.signal);
		}
	}

	private async upload({ id, file }: Chosen, signal: AbortSignal): Promise<void> {
		const tell = (to: Partial<Chosen>) => {
			if (!signal.aborted) this.store.update((now) => change(now, id, to));
		};
		const { conversation } = this;
		try {
			if (!conversation.known) await conversation.session.open();
			if (signal.aborted) return;
			const uploaded = await upload(file, {
				url: `${conversation.origin}/v1/widget/uploads?name=${encodeURIComponent(file.name)}`,
				headers: conversation.session.authorization,
				progress: (done) => tell({ done }),
				signal,
			});
			tell({ blobId: uploaded.blob_id, done: 1 });
		} catch (cause) {
			if (!(cause instanceof CallError)) throw cause;
			tell({ failed: refusedBy(cause) });
		}
		if (signal.aborted) return;
		this.underWay.delete(id);
		this.go();
	}
}
