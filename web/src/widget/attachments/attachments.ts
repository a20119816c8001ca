/** Files that a visitor adds to a message, from their choice to their upload. */

import { Store } from "../../look/held.js";
import type { Conversation } from "../conversation.js";
import type { Attached } from "../kept.js";

/** Attachments are the files that wait to be sent with the next message. */
export class Attachments {
	/** What of them there is to show. */
	readonly store = new Store<readonly Attached[]>([]);

	constructor(protected readonly conversation: Conversation) {}

	/** Whether the composer may send: nothing is under way or was refused. */
	get settled(): boolean {
		return true;
	}

	/** Adds files that were chosen, pasted or dropped. */
	add(_files: readonly File[]): void {}

	/** Takes them out, for the message that is sent now. */
	take(): Attached[] {
		const files = [...this.store.value];
		this.store.update(() => []);
		return files;
	}

	/** Ends what is under way. */
	close(): void {}
}
