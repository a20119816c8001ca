/** A conversation as an agent has it before them: read, followed, and acted in. */

import { CallError, type CallOptions, clientToken } from "../../api/call.js";
import { coalesce } from "../../api/coalesce.js";
import type { Following, Stream } from "../../api/stream.js";
import type { ChangeJson, SubscribeResponseJson } from "../../gen/weiche/stream/v1/stream_pb.js";
import type { CustomerJson } from "../../gen/weiche/view/v1/customer_pb.js";
import type { ConversationSummaryJson } from "../../gen/weiche/view/v1/inbox_pb.js";
import type {
	ChannelJson,
	GetConversationRequestJson,
	GetConversationResponseJson,
	GetCustomerRequestJson,
	GetCustomerResponseJson,
	ListChannelsRequestJson,
	ListChannelsResponseJson,
} from "../../gen/weiche/workspace/v1/workspace_pb.js";
import { Store } from "../../look/store.js";
import type { Drafts } from "./draft.js";
import type { Keeper } from "./kept.js";
import { Outbox } from "./outbox.js";
import { apply, lastOfCustomer, prepend, type Timeline } from "./timeline.js";
import { Uploads } from "./upload.js";

/** What a conversation needs of the page around it. */
export interface Line {
	/** Calls a method. Throws CallError. */
	call<Request, Response>(method: string, request: Request, options?: CallOptions): Promise<Response>;
	stream: Stream;
	/** Knows how each conversation stands: it is told of a row that was read. */
	inbox: { know(row: ConversationSummaryJson): void };
	/** Is told that the session has ended, by what does not go by call. */
	ended(): void;
}

/** The service of agents. */
export const service = "weiche.workspace.v1.WorkspaceService";

/** So many lines are read at once. */
const page = 60;
/** Addresses of files are good for ten minutes; they are read again before that. */
const addressesFor = 8 * 60_000;
/** What could not be read anew is tried again after so many milliseconds. */
const readAgain = 5000;
/** So long somebody types after the last sign of it. */
const typesFor = 10_000;

/** Somebody who types. */
export interface Typist {
	/** The agent; empty for the customer. */
	agentId: string;
	name: string;
}

/** ConversationState is what is known of a conversation. */
export interface ConversationState {
	/** How far reading it is. */
	phase: "loading" | "ready" | "missing" | "failed";
	/** It changes without the page hearing of it, as the server refused to tell. */
	deaf: boolean;
	timeline?: Timeline;
	/** The channels of the account, and how each stands to the conversation. */
	channels: readonly ChannelJson[];
	/** Who the customer is; not set until it was read. */
	customer?: CustomerJson;
	/** The card could not be read. */
	customerFailed: boolean;
	loadingOlder: boolean;
	typists: readonly Typist[];
	/** The customer looks at the web chat. */
	visiting: boolean;
}

/** Conversation is one that an agent opened. It is followed between open and close. */
export class Conversation extends Store<ConversationState> {
	/** What is on its way. */
	readonly outbox: Outbox;
	/** What is being written. */
	readonly drafts: Store<Drafts>;
	/** The integration whose templates are looked through; empty for none. */
	readonly templates = new Store("");
	/** Files that are being uploaded for it. */
	readonly uploads: Uploads;

	private opened = false;
	private following: Following | undefined;
	private later: ReturnType<typeof setTimeout> | undefined;
	private unwatch = () => {};
	private cursor = "";
	private seen = "";
	private reading = false;
	private readAt = 0;
	/** The customer was read after what is followed was followed for the first time. */
	private justRead = false;
	private readonly refreshed = new Map<string, number>();
	private readonly typing = new Map<string, ReturnType<typeof setTimeout>>();

	constructor(
		readonly id: string,
		private readonly line: Line,
		keeper: Keeper,
	) {
		super({
			phase: "loading",
			deaf: false,
			channels: [],
			customerFailed: false,
			loadingOlder: false,
			typists: [],
			visiting: false,
		});
		const { drafts, outbox } = keeper.read(id);
		this.outbox = new Outbox(id, (method, request) => this.act(method, request), outbox);
		this.uploads = new Uploads(id, () => line.ended());
		this.drafts = new Store(drafts);
		const keep = () => keeper.write(id, this.drafts.value, this.outbox.value);
		this.drafts.watch(keep);
		this.outbox.watch(keep);
	}

	/** Reads it where it was not read, and follows it. */
	open(): void {
		this.opened = true;
		if (this.value.phase === "ready") this.follow();
		else void this.read();
		this.goOn();
		this.unwatch();
		this.unwatch = this.line.stream.watch((state) => state === "open" && this.attend(true));
	}

	/** Goes on with what waits to be sent: there is a session, or a connection, again. */
	goOn(): void {
		this.outbox.go();
		this.uploads.go();
	}

	/** Follows it no longer. What was read stays. */
	close(): void {
		this.opened = false;
		clearTimeout(this.later);
		this.attend(false);
		this.unwatch();
		this.following?.stop();
		this.following = undefined;
		for (const timer of this.typing.values()) clearTimeout(timer);
		this.typing.clear();
		this.set({ typists: [], visiting: false });
	}

	/** Reads its end anew. */
	async read(): Promise<void> {
		if (this.reading) return;
		clearTimeout(this.later);
		this.reading = true;
		if (this.value.phase !== "ready") this.set({ phase: "loading" });
		try {
			const [answer] = await Promise.all([
				this.call<GetConversationRequestJson, GetConversationResponseJson>("GetConversation", {
					conversationId: this.id,
					latest: true,
					limit: page,
				}),
				this.readChannels(),
			]);
			this.cursor = answer.cursor ?? "";
			this.readAt = Date.now();
			if (answer.summary) this.line.inbox.know(answer.summary);
			this.set({
				phase: "ready",
				timeline: {
					lines: answer.timeline?.items ?? [],
					older: answer.timeline?.more ?? false,
					route: answer.route ?? {},
				},
			});
			this.outbox.arrived(answer.timeline?.items ?? []);
			this.justRead = true;
			this.follow();
			void this.readCustomer();
		} catch (error) {
			if (!(error instanceof CallError)) throw error;
			if (isGone(error)) this.set({ phase: "missing" });
			else if (this.value.phase !== "ready") this.set({ phase: "failed" });
			// What is shown would grow old without anybody seeing it.
			else if (this.opened) this.later = setTimeout(() => void this.read(), readAgain);
		} finally {
			this.reading = false;
		}
	}

	/** Reads the lines before the first. */
	async readOlder(): Promise<void> {
		const { timeline, loadingOlder } = this.value;
		const first = timeline?.lines[0]?.position;
		if (!timeline?.older || !first || loadingOlder) return;
		this.set({ loadingOlder: true });
		try {
			const answer = await this.call<GetConversationRequestJson, GetConversationResponseJson>(
				"GetConversation",
				{
					conversationId: this.id,
					before: first,
					limit: page,
				},
			);
			this.update((now) =>
				now.timeline
					? {
							...now,
							timeline: prepend(now.timeline, answer.timeline?.items ?? [], answer.timeline?.more ?? false),
						}
					: now,
			);
		} catch (error) {
			if (!(error instanceof CallError)) throw error;
		} finally {
			this.set({ loadingOlder: false });
		}
	}

	/** Reads a line again whose addresses of files may have expired. */
	async refresh(position: string): Promise<void> {
		const last = this.refreshed.get(position) ?? this.readAt;
		if (Date.now() - last < addressesFor) return;
		this.refreshed.set(position, Date.now());
		try {
			const answer = await this.call<GetConversationRequestJson, GetConversationResponseJson>(
				"GetConversation",
				{
					conversationId: this.id,
					after: String(BigInt(position) - 1n),
					limit: 1,
				},
			);
			this.change({ lines: answer.timeline?.items ?? [] });
		} catch (error) {
			if (!(error instanceof CallError)) throw error;
		}
	}

	/** Reads who the customer is. */
	readonly readCustomer = coalesce(async () => {
		try {
			const answer = await this.call<GetCustomerRequestJson, GetCustomerResponseJson>("GetCustomer", {
				conversationId: this.id,
			});
			this.set({ customerFailed: false, ...(answer.customer ? { customer: answer.customer } : {}) });
		} catch (error) {
			if (!(error instanceof CallError)) throw error;
			this.set({ customerFailed: !this.value.customer });
		}
	});

	/** Calls a method of the service. Throws CallError. */
	call<Request, Response>(method: string, request: Request): Promise<Response> {
		return this.line.call<Request, Response>(`${service}/${method}`, request);
	}

	/** Does something in the conversation, once however often the call has to be made. Throws CallError. */
	act<Request extends object, Response>(method: string, request: Request): Promise<Response> {
		return this.call<Request, Response>(method, {
			conversationId: this.id,
			clientToken: clientToken(),
			...request,
		});
	}

	/** Says that the agent types, or no longer. */
	type(on: boolean): void {
		this.line.stream.say({ typing: { conversationId: this.id, on } });
	}

	/** Writes down that an agent has seen everything that the customer wrote. */
	see(): void {
		const last = lastOfCustomer(this.value.timeline?.lines ?? []);
		if (!last || last === this.seen) return;
		this.seen = last;
		this.call("MarkSeen", { conversationId: this.id, messageId: last }).catch(() => {
			if (this.seen === last) this.seen = "";
		});
	}

	/** Says whether the agent looks at it. */
	private attend(there: boolean): void {
		this.line.stream.say({ presence: { conversationId: this.id, there } });
	}

	private readonly readChannels = coalesce(async () => {
		try {
			const answer = await this.call<ListChannelsRequestJson, ListChannelsResponseJson>("ListChannels", {
				conversationId: this.id,
			});
			this.set({ channels: answer.channels ?? [] });
		} catch (error) {
			// Without it nothing is known of limits; the conversation is more than that.
			if (!(error instanceof CallError)) throw error;
		}
	});

	private follow(): void {
		this.following?.stop();
		// Who has gone on to another conversation while it was read does not look at it.
		if (!this.opened) return;
		this.following = this.line.stream.follow(
			{ conversationId: this.id, ...(this.cursor ? { cursor: this.cursor } : {}) },
			{
				heard: (frame) => this.hear(frame),
				expired: () => void this.read(),
				refused: (why) => this.refused(new CallError(why.code ?? "", why.reason ?? "", why.message ?? "")),
			},
		);
		if (this.line.stream.state === "open") this.attend(true);
	}

	private refused(error: CallError): void {
		this.set(isGone(error) ? { phase: "missing" } : { deaf: true });
		if (error.mayPass) this.later = setTimeout(() => void this.read(), readAgain);
	}

	private hear(frame: SubscribeResponseJson): void {
		if (this.value.deaf) this.set({ deaf: false });
		if (frame.cursor) this.cursor = frame.cursor;
		if (frame.caughtUp) {
			// Whoever was away is not told that the customer's card has changed meanwhile.
			if (!this.justRead) void this.readCustomer();
			this.justRead = false;
		}
		const { change, typing, presence } = frame;
		if (change) {
			this.change(change);
			this.outbox.arrived(change.lines ?? []);
			if (change.lines?.some((line) => line.customer)) this.stopTyping("");
			if (change.customerId) void this.readCustomer();
			if (change.route || change.setup) void this.readChannels();
		}
		if (typing)
			this.hearTyping({ agentId: typing.agentId ?? "", name: typing.agentName ?? "" }, typing.on ?? false);
		if (presence && !presence.agentId) this.set({ visiting: presence.there ?? false });
	}

	private change(change: ChangeJson): void {
		this.update((now) => {
			if (!now.timeline) return now;
			const timeline = apply(now.timeline, change);
			return timeline === now.timeline ? now : { ...now, timeline };
		});
	}

	private hearTyping(typist: Typist, on: boolean): void {
		this.stopTyping(typist.agentId);
		if (!on) return;
		this.typing.set(
			typist.agentId,
			setTimeout(() => this.stopTyping(typist.agentId), typesFor),
		);
		this.set({ typists: [...this.value.typists, typist] });
	}

	private stopTyping(agentId: string): void {
		clearTimeout(this.typing.get(agentId));
		if (!this.typing.delete(agentId)) return;
		this.set({ typists: this.value.typists.filter((one) => one.agentId !== agentId) });
	}

	private set(change: Partial<ConversationState>): void {
		this.update((now) => ({ ...now, ...change }));
	}
}

/** Whether the server says that there is no such conversation, or none for this agent. */
function isGone({ code }: CallError): boolean {
	return ["not_found", "invalid_argument", "permission_denied"].includes(code);
}
