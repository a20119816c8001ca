/** The inbox of the page: it reads lists, and follows all rows as they change. */

import { CallError } from "../../api/call.js";
import type { Following, Stream } from "../../api/stream.js";
import type { InboxCountsJson } from "../../gen/weiche/view/v1/inbox_pb.js";
import type {
	CountConversationsResponseJson,
	ListConversationsRequestJson,
	ListConversationsResponseJson,
} from "../../gen/weiche/workspace/v1/workspace_pb.js";
import { Store } from "../../look/store.js";
import {
	asked,
	held,
	type InboxState,
	type Narrowing,
	nothing,
	opened,
	type Patch,
	paged,
	pagesOf,
	type Row,
	reads,
	settled,
	told,
	turned,
} from "./state.js";

const service = "weiche.workspace.v1.WorkspaceService";

/** So many rows are read first, and so many more at a time. */
const firstPage = 50;
const furtherPage = 200;
/** Rows that change within so many milliseconds are drawn together. */
const drawnTogether = 30;
/** Counts are asked for not more often than this, in milliseconds. */
const countsApart = 1000;

/** What the server refused for now is asked for again after so many milliseconds. */
const followAgain = 5000;

/** Call is how the inbox asks the server. */
export type Call = <Request, Response>(method: string, request: Request) => Promise<Response>;

/** Inbox knows the rows. It begins with start. */
export class Inbox extends Store<InboxState> {
	/** How many conversations there are in the views; none before they were counted. */
	readonly counts = new Store<InboxCountsJson | undefined>(undefined);
	/** Whether rows change without the page hearing of it, as the server refused to tell. */
	readonly deaf = new Store(false);
	private following = false;
	private heard: Following | undefined;
	private cursor = "";
	private later: ReturnType<typeof setTimeout> | undefined;
	private coming: Row[] = [];
	private drawing: ReturnType<typeof setTimeout> | undefined;
	private counting: ReturnType<typeof setTimeout> | undefined;
	private counted = 0;

	/** @param setup is called when the set-up of the account has changed */
	constructor(
		private readonly call: Call,
		private readonly stream: Stream,
		narrowing: Narrowing,
		private readonly setup: () => void,
	) {
		super(nothing(narrowing, ""));
		// What could not be read without a connection is read when there is one.
		stream.watch((state) => state === "open" && this.again());
	}

	/** Reads for an agent, and follows. */
	start(me: string): void {
		this.update(({ narrowing, open }) => ({ ...nothing(narrowing, me), open }));
		void this.more();
		this.count();
	}

	/** Turns to another list. */
	turn(narrowing: Narrowing): void {
		this.update((state) => turned(state, narrowing));
		const pages = pagesOf(this.value);
		if (!pages || pages.status === "failed") void this.more();
	}

	/** Keeps rows where they are. */
	hold(ids: readonly string[]): void {
		this.update((state) => held(state, ids));
	}

	/** Says which conversation is open. */
	open(id: string): void {
		this.update((state) => opened(state, id));
	}

	/** Reads the list on, where there is more. */
	async more(): Promise<void> {
		const { narrowing } = this.value;
		const pages = pagesOf(this.value);
		if (pages?.status === "reading" || (pages?.status === "read" && !pages.next)) return;
		this.update((state) => reads(state, narrowing, "reading"));
		try {
			let token = pages?.next ?? "";
			for (let empty = true; empty; ) {
				const page = await this.page(narrowing, token);
				this.follow(page.cursor ?? "");
				this.update((state) => paged(state, narrowing, page));
				// A page may be empty and not the last.
				token = page.nextPageToken ?? "";
				empty = token !== "" && !page.conversations?.length;
			}
		} catch {
			this.update((state) => reads(state, narrowing, "failed"));
		}
	}

	/** Tells a row that was read elsewhere, such as that of an open conversation. */
	know(row: Row): void {
		this.update((state) => told(state, [row]));
	}

	private tell(...rows: Row[]): void {
		this.coming.push(...rows);
		this.drawing ??= setTimeout(() => {
			this.drawing = undefined;
			this.update((state) => told(state, this.coming.splice(0)));
		}, drawnTogether);
	}

	/** Shows what was asked for until settle is called with the same patch. */
	ask(id: string, patch: Patch): void {
		this.update((state) => asked(state, id, patch));
	}

	/** Ends what ask began, with the row as it is now, where that is known. */
	settle(id: string, patch: Patch, row?: Row): void {
		this.update((state) => settled(row ? told(state, [row]) : state, id, patch));
	}

	/** Counts the views soon. */
	count(): void {
		const wait = Math.max(0, this.counted + countsApart - Date.now());
		this.counting ??= setTimeout(() => void this.countNow(), wait);
	}

	private async countNow(): Promise<void> {
		this.counting = undefined;
		this.counted = Date.now();
		try {
			const said = await this.call<object, CountConversationsResponseJson>(
				`${service}/CountConversations`,
				{},
			);
			this.counts.update(() => said.counts ?? {});
		} catch {
			// The counts of before stay; the next change asks again.
		}
	}

	private page(narrowing: Narrowing, pageToken: string): Promise<ListConversationsResponseJson> {
		return this.call<ListConversationsRequestJson, ListConversationsResponseJson>(
			`${service}/ListConversations`,
			{ ...filters(narrowing), limit: pageToken ? furtherPage : firstPage, pageToken },
		);
	}

	/** Reads what could not be read before. */
	again(): void {
		if (pagesOf(this.value)?.status === "failed") void this.more();
		if (this.following) this.count();
	}

	/** Follows all rows, once: the first page says from where. */
	private follow(cursor: string): void {
		if (this.following) return;
		this.following = true;
		this.cursor = cursor;
		this.listen();
	}

	private listen(): void {
		// One that nobody has answered yet would tell everything twice. It is ended after the
		// next has begun, as a connection without any is closed.
		const before = this.heard;
		this.heard = this.stream.follow(
			{ inbox: true, cursor: this.cursor },
			{
				heard: ({ change, cursor }) => {
					if (cursor) this.cursor = cursor;
					this.deaf.update(() => false);
					if (change?.summary) {
						this.tell(change.summary);
						this.count();
					} else if (change?.customerId) void this.readCustomer(change.customerId);
					if (change?.setup) this.setup();
				},
				expired: () => this.anew(),
				refused: ({ code = "", reason = "", message = "" }) => {
					this.deaf.update(() => true);
					if (new CallError(code, reason, message).mayPass)
						this.later = setTimeout(() => this.listen(), followAgain);
				},
			},
		);
		before?.stop();
	}

	/** Reads the rows of a customer of whom something else is known now, such as what they are called. */
	private async readCustomer(customerId: string): Promise<void> {
		const known = [...this.value.rows.values(), ...this.coming];
		if (!known.some((row) => row.customerId === customerId)) return;
		try {
			const { conversations = [] } = await this.call<
				ListConversationsRequestJson,
				ListConversationsResponseJson
			>(`${service}/ListConversations`, { customerId, limit: 100 });
			for (const row of conversations) this.tell(row);
		} catch {
			// What they are called is read with the list again, once there is a connection.
		}
	}

	/** Reads everything anew, and follows it from there. */
	anew(): void {
		clearTimeout(this.later);
		this.following = false;
		this.start(this.value.me);
	}
}

function filters({ view, channel, label }: Narrowing): ListConversationsRequestJson {
	return {
		status: view === "closed" ? "CONVERSATION_STATUS_CLOSED" : "CONVERSATION_STATUS_OPEN",
		...(view === "mine" ? { mine: true } : view === "unassigned" ? { nobody: true } : {}),
		channel,
		label,
	};
}
