/** What a chat keeps on this device, so that a reload loses nothing. */

import type { PressedButtonJson } from "../gen/weiche/widget/v1/widget_pb.js";

/** Attached is a file that was uploaded to go with a message. */
export interface Attached {
	blobId: string;
	name: string;
	mimeType: string;
	size: number;
}

/** Unsent is a message that the server has not yet said that it has. */
export interface Unsent {
	/** Its client token: sent again with it, it is the same message. */
	token: string;
	text: string;
	attachments?: Attached[];
	/** The button that says it, and what stands on it. */
	pressed?: PressedButtonJson & { title: string };
	/** When it was written, in milliseconds. */
	at: number;
}

/**
 * Kept keeps it in the browser's local storage, under weiche: and the widget's id; where
 * there is none, such as in a frame that may not, it keeps it until the page is left.
 */
export class Kept {
	private readonly memory = new Map<string, string>();
	private readonly storage: Storage | undefined;
	private readonly name: string;

	constructor(widget: string) {
		this.name = `weiche:${widget}`;
		try {
			this.storage = localStorage;
		} catch {
			this.storage = undefined;
		}
	}

	/** The session's token; empty where there is none. */
	get token(): string {
		return this.get("");
	}

	set token(value: string) {
		this.put("", value);
	}

	/** Who the visitor is, by the site's own id; empty where the site has not said. */
	get who(): string {
		return this.get(":who");
	}

	set who(value: string) {
		this.put(":who", value);
	}

	/** What was typed and not sent. */
	get draft(): string {
		return this.get(":draft");
	}

	set draft(value: string) {
		this.put(":draft", value);
	}

	/** The place of the last line that was on screen; 0 where none was. */
	get seen(): string {
		return this.get(":seen") || "0";
	}

	set seen(value: string) {
		this.put(":seen", value);
	}

	/** The messages that wait, the first written first. */
	get unsent(): Unsent[] {
		const prefix = `${this.name}:out:`;
		const keys = this.storage ? Object.keys(this.storage) : [...this.memory.keys()];
		return keys
			.filter((key) => key.startsWith(prefix))
			.map((key) => JSON.parse(this.get(key.slice(this.name.length))) as Unsent)
			.sort((a, b) => a.at - b.at);
	}

	/** Keeps a message. Each has a key of its own, so that tabs do not lose each other's. */
	hold(message: Unsent): void {
		this.put(`:out:${message.token}`, JSON.stringify(message));
	}

	/** Whether a message still waits: another tab may have sent it, or its visitor has left there. */
	holds(token: string): boolean {
		return this.get(`:out:${token}`) !== "";
	}

	/** Drops a message that is no longer unsent. */
	drop(token: string): void {
		this.put(`:out:${token}`, "");
	}

	/** Forgets everything: somebody else may come to this device. */
	forget(): void {
		for (const message of this.unsent) this.drop(message.token);
		this.token = this.who = this.draft = this.seen = "";
	}

	/**
	 * Calls back when another tab changes the session, and says whether it ended it; what it
	 * returns ends that.
	 */
	watch(changed: (ended: boolean) => void): () => void {
		const hear = (event: StorageEvent) => {
			if (event.key === this.name || event.key === null) changed(!event.newValue);
		};
		addEventListener("storage", hear);
		return () => removeEventListener("storage", hear);
	}

	private get(key: string): string {
		const whole = this.name + key;
		return this.memory.get(whole) ?? this.storage?.getItem(whole) ?? "";
	}

	private put(key: string, value: string): void {
		const whole = this.name + key;
		try {
			if (!this.storage) throw new Error("no storage");
			if (value) this.storage.setItem(whole, value);
			else this.storage.removeItem(whole);
			this.memory.delete(whole);
		} catch {
			// It is full, or may not be used.
			if (value) this.memory.set(whole, value);
			else this.memory.delete(whole);
		}
	}
}
