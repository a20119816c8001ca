/** What an agent does with a conversation: it shows at once, and can be taken back. */

import { CallError, clientToken } from "../../api/call.js";
import type {
	AssignConversationRequestJson,
	ChangeLabelsRequestJson,
	CloseConversationRequestJson,
	GetConversationRequestJson,
	GetConversationResponseJson,
	ReopenConversationRequestJson,
} from "../../gen/weiche/workspace/v1/workspace_pb.js";
import type { Toasts } from "../toasts.js";
import type { Call, Inbox } from "./inbox.js";
import { type Patch, type Row, rowOf } from "./state.js";
import type { ActionWords } from "./words.js";

const service = "weiche.workspace.v1.WorkspaceService";

/** Asking is one thing that was asked for. */
interface Asking {
	id: string;
	patch: Patch;
	/** The method, and what its request has beside conversation and token. */
	method: string;
	more: object;
	/** What is said when it is done; empty where it says itself. */
	done: string;
	/** Takes it back; none for what takes back. */
	back?: () => void;
}

/** Actions are what can be done with any conversation of the inbox. */
export class Actions {
	/** What runs for a conversation: what is asked for next comes after it. */
	private readonly running = new Map<string, Promise<void>>();

	/**
	 * @param words says things in the language of now
	 * @param name gives the name of an agent
	 */
	constructor(
		private readonly call: Call,
		private readonly inbox: Inbox,
		private readonly toasts: Toasts,
		private readonly words: () => ActionWords,
		private readonly name: (agentId: string) => string,
	) {}

	/** The conversation as it looks. */
	private row(id: string): Row | undefined {
		return rowOf(this.inbox.value, id);
	}

	/** Says that there is nothing to do. */
	close(id: string): void {
		this.turn(id, true, () => this.undo(id, "status", () => this.turn(id, false)));
	}

	/** Says that there is something to do again. */
	reopen(id: string): void {
		this.turn(id, false, () => this.undo(id, "status", () => this.turn(id, true)));
	}

	/** Closes what is open, and opens what is closed. */
	toggle(id: string): void {
		if (this.row(id)?.status === "CONVERSATION_STATUS_CLOSED") this.reopen(id);
		else this.close(id);
	}

	/** Makes it somebody's work; nobody's where the agent is empty. */
	assign(id: string, assigneeId: string): void {
		const before = this.row(id)?.assigneeId ?? "";
		if (before === assigneeId) return;
		this.give(id, assigneeId, () => this.undo(id, "assigneeId", () => this.give(id, before)));
	}

	/** Adds labels and takes others away. */
	label(id: string, add: readonly string[], remove: readonly string[] = []): void {
		const before = this.row(id)?.labels ?? [];
		const added = add.filter((one) => !before.includes(one));
		const removed = remove.filter((one) => before.includes(one));
		if (added.length + removed.length === 0) return;
		this.mark(id, added, removed, () => this.mark(id, removed, added));
	}

	private turn(id: string, closed: boolean, back?: () => void): void {
		const words = this.words();
		const method = closed ? "CloseConversation" : "ReopenConversation";
		const status = closed ? "CONVERSATION_STATUS_CLOSED" : "CONVERSATION_STATUS_OPEN";
		const done = closed ? words.closed : words.reopened;
		this.ask({ id, patch: { status }, method, more: {}, done: back ? done : "", back });
	}

	private give(id: string, assigneeId: string, back?: () => void): void {
		const done = back ? this.words().assigned(assigneeId && this.name(assigneeId)) : "";
		this.ask({ id, patch: { assigneeId }, method: "AssignConversation", more: { assigneeId }, done, back });
	}

	private mark(id: string, add: string[], remove: string[], back?: () => void): void {
		const before = this.row(id)?.labels ?? [];
		const labels = [...before.filter((one) => !remove.includes(one)), ...add].sort();
		const done = back ? this.words().labelled(add, remove) : "";
		this.ask({ id, patch: { labels }, method: "ChangeLabels", more: { add, remove }, done, back });
	}

	/** Takes something back, unless somebody has changed the same meanwhile. */
	private undo(id: string, field: "status" | "assigneeId", back: () => void): void {
		void (this.running.get(id) ?? Promise.resolve()).then(() => {
			const done = this.made.get(`${id} ${field}`);
			const row = this.row(id);
			if ((row?.[field] ?? "") !== done) {
				const words = this.words();
				const now =
					field === "assigneeId" ? words.assignedNow(this.nameOf(row)) : words.statusNow(isClosed(row));
				this.toasts.show({ text: `${words.notUndone} ${now}` });
			} else back();
		});
	}

	/** What was asked for last of each field of each conversation. */
	private readonly made = new Map<string, string>();

	private ask(asking: Asking): void {
		const { id, patch } = asking;
		const seen = this.row(id);
		this.inbox.ask(id, patch);
		for (const field of ["status", "assigneeId"] as const) {
			if (field in patch) this.made.set(`${id} ${field}`, patch[field] ?? "");
		}
		const hide = asking.done
			? this.toasts.show({
					text: asking.done,
					...(asking.back ? { action: { label: this.words().undo, run: asking.back } } : {}),
				})
			: () => {};
		const before = this.running.get(id) ?? Promise.resolve();
		const now = before.then(() => this.run(asking, seen, hide));
		this.running.set(id, now);
		void now.finally(() => this.running.get(id) === now && this.running.delete(id));
	}

	/** Asks the server, and tells what became of it. */
	private async run(asking: Asking, seen: Row | undefined, hide: () => void): Promise<void> {
		const { id, patch } = asking;
		// Whom others gave it to while this is on its way.
		const others = new Set<string>();
		const stop = this.inbox.watch(() => others.add(this.inbox.value.rows.get(id)?.assigneeId ?? ""));
		try {
			const request = { conversationId: id, clientToken: clientToken(), ...asking.more };
			const said = await this.call<
				| AssignConversationRequestJson
				| ChangeLabelsRequestJson
				| CloseConversationRequestJson
				| ReopenConversationRequestJson,
				{ position?: string }
			>(`${service}/${asking.method}`, request);
			this.inbox.settle(id, patch, await this.read(id, said.position));
			this.compare(patch, seen, this.inbox.value.rows.get(id), others);
		} catch (error) {
			this.inbox.settle(id, patch);
			hide();
			const words = this.words();
			const again = error instanceof CallError && error.mayPass;
			this.toasts.show({
				text: words.refused(error instanceof CallError ? error.reason : ""),
				bad: true,
				...(again ? { action: { label: words.again, run: () => this.ask(asking) } } : {}),
			});
		} finally {
			stop();
			this.inbox.count();
		}
	}

	/** The row as it stands after what was just done; the old one where it cannot be read now. */
	private async read(id: string, minPosition = ""): Promise<Row | undefined> {
		try {
			const read = await this.call<GetConversationRequestJson, GetConversationResponseJson>(
				`${service}/GetConversation`,
				{ conversationId: id, minPosition, latest: true, limit: 1 },
			);
			return read.summary;
		} catch {
			return undefined; // the stream will tell
		}
	}

	/** Says where something came between. */
	private compare(patch: Patch, seen: Row | undefined, now: Row | undefined, others: Set<string>): void {
		if (!now) return;
		const words = this.words();
		if (patch.assigneeId !== undefined) {
			const between = [...others].find((one) => one !== (seen?.assigneeId ?? "") && one !== patch.assigneeId);
			if ((now.assigneeId ?? "") !== patch.assigneeId || between) {
				const text = between ? words.tookBefore(this.name(between)) : words.changedMeanwhile;
				this.toasts.show({ text: `${text} ${words.assignedNow(this.nameOf(now))}` });
			}
		}
		if (patch.status && patch.status !== now.status) {
			this.toasts.show({ text: `${words.changedMeanwhile} ${words.statusNow(isClosed(now))}` });
		}
	}

	private nameOf(row: Row | undefined): string {
		return row?.assigneeId ? this.name(row.assigneeId) : "";
	}
}

function isClosed(row: Row | undefined): boolean {
	return row?.status === "CONVERSATION_STATUS_CLOSED";
}
