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
import type { InboxWords } from "../said.js";
import type { Toasts } from "../toasts.js";
import type { Call, Inbox } from "./inbox.js";
import { type Patch, type Row, rowOf } from "./state.js";

const service = "weiche.workspace.v1.WorkspaceService";

/** So many lines are looked through for what came between. */
const lastLines = 20;

/** What of a conversation can be taken back unless somebody has changed it meanwhile. */
type Field = "status" | "assigneeId";

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
		private readonly words: () => InboxWords,
		private readonly name: (agentId: string) => string,
	) {
		inbox.watch(() => this.hideMoot());
	}

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
		const words = this.words();
		const said = assigneeId === this.inbox.value.me ? words.taken : words.assigned(this.nameOf(assigneeId));
		const done = back ? said : "";
		this.ask({ id, patch: { assigneeId }, method: "AssignConversation", more: { assigneeId }, done, back });
	}

	private mark(id: string, add: string[], remove: string[], back?: () => void): void {
		const before = this.row(id)?.labels ?? [];
		const labels = [...before.filter((one) => !remove.includes(one)), ...add].sort();
		const done = back ? this.words().labelled(add, remove) : "";
		this.ask({ id, patch: { labels }, method: "ChangeLabels", more: { add, remove }, done, back });
	}

	/** Takes something back, unless somebody has changed the same meanwhile. */
	private undo(id: string, field: Field, back: () => void): void {
		void (this.running.get(id) ?? Promise.resolve()).then(() => {
			const done = this.made.get(`${id} ${field}`);
			const row = this.row(id);
			if ((row?.[field] ?? "") !== done) {
				const words = this.words();
				const now =
					field === "assigneeId"
						? words.assignedNow(this.nameOf(row?.assigneeId))
						: words.statusNow(isClosed(row));
				this.toasts.show({ text: `${words.notUndone} ${now}` });
			} else back();
		});
	}

	/** What was asked for last of each field of each conversation. */
	private readonly made = new Map<string, string>();

	/** What can be taken back yet, by conversation and field: what it was before, and how to hide the words. */
	private readonly offers = new Map<string, { id: string; field: Field; before: string; hide(): void }>();

	/** Hides offers to take back what somebody has taken back already. */
	private hideMoot(): void {
		for (const [key, { id, field, before, hide }] of this.offers) {
			if ((this.row(id)?.[field] ?? "") !== before) continue;
			this.offers.delete(key);
			hide();
		}
	}

	private ask(asking: Asking): void {
		const { id, patch } = asking;
		const seen = this.inbox.value.rows.get(id);
		const before = this.row(id);
		const fields = (["status", "assigneeId"] as const).filter((field) => field in patch);
		this.inbox.ask(id, patch);
		for (const field of fields) this.made.set(`${id} ${field}`, patch[field] ?? "");
		const hide = asking.done
			? this.toasts.show({
					text: asking.done,
					...(asking.back ? { action: { label: this.words().undo, run: asking.back } } : {}),
				})
			: () => {};
		for (const field of fields) {
			const key = `${id} ${field}`;
			this.offers.get(key)?.hide();
			this.offers.set(key, { id, field, before: before?.[field] ?? "", hide });
		}
		const last = this.running.get(id) ?? Promise.resolve();
		const now = last.then(() => this.run(asking, seen, hide));
		this.running.set(id, now);
		void now.finally(() => this.running.get(id) === now && this.running.delete(id));
	}

	/** Asks the server, and tells what became of it. */
	private async run(asking: Asking, seen: Row | undefined, hide: () => void): Promise<void> {
		const { id, patch } = asking;
		try {
			const request = { conversationId: id, clientToken: clientToken(), ...asking.more };
			const said = await this.call<
				| AssignConversationRequestJson
				| ChangeLabelsRequestJson
				| CloseConversationRequestJson
				| ReopenConversationRequestJson,
				{ position?: string }
			>(`${service}/${asking.method}`, request);
			const read = await this.read(id, said.position);
			this.inbox.settle(id, patch, read?.summary);
			if (read) this.compare(patch, Number(seen?.changed ?? 0), read);
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
		}
		this.inbox.count();
	}

	/** The conversation as it stands after what was just done, with its last lines; the stream tells it otherwise. */
	private async read(id: string, minPosition = ""): Promise<GetConversationResponseJson | undefined> {
		try {
			return await this.call<GetConversationRequestJson, GetConversationResponseJson>(
				`${service}/GetConversation`,
				{ conversationId: id, minPosition, latest: true, limit: lastLines },
			);
		} catch {
			return undefined;
		}
	}

	/** Says where something came between what the agent saw, up to a place in the log, and what they asked for. */
	private compare(patch: Patch, seen: number, read: GetConversationResponseJson): void {
		const words = this.words();
		const now = read.summary;
		if (patch.assigneeId !== undefined) {
			const between = read.timeline?.items?.findLast(
				({ position, system }) =>
					Number(position ?? 0) > seen &&
					system?.kind === "SYSTEM_LINE_KIND_ASSIGNED" &&
					(system.assigneeId ?? "") !== patch.assigneeId,
			);
			if (between) {
				const text = words.tookBefore(this.nameOf(between.system?.assigneeId));
				this.toasts.show({ text: `${text} ${words.assignedNow(this.nameOf(now?.assigneeId))}` });
			}
		}
		if (patch.status && patch.status !== now?.status) {
			this.toasts.show({ text: `${words.changedMeanwhile} ${words.statusNow(isClosed(now))}` });
		}
	}

	private nameOf(agentId: string | undefined): string {
		return agentId ? this.name(agentId) : "";
	}
}

function isClosed(row: Row | undefined): boolean {
	return row?.status === "CONVERSATION_STATUS_CLOSED";
}
