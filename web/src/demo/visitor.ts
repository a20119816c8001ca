import { Caller } from "../api/call.js";
import { type Following, Stream, surroundings } from "../api/stream.js";
import type { SubscribeResponseJson } from "../gen/weiche/stream/v1/stream_pb.js";
import type {
	GetTimelineRequestJson,
	GetTimelineResponseJson,
	LineJson,
	LinkJson,
} from "../gen/weiche/widget/v1/widget_pb.js";
import { Store } from "../look/store.js";

/** What has happened in the visitor's conversation. */
export interface Told {
	/** The conversation; empty before the visitor has begun one. */
	conversation: string;
	lines: LineJson[];
	links: LinkJson[];
}

const nothing: Told = { conversation: "", lines: [], links: [] };

/** Takes what a frame says into what was told. */
export function hear(told: Told, frame: SubscribeResponseJson): Told {
	const change = frame.change;
	if (!change) return told;
	const lines = new Map(told.lines.map((line) => [line.place, line]));
	for (const line of change.ownLines ?? []) lines.set(line.place, line);
	const links = change.link
		? [...told.links.filter((link) => link.linkId !== change.link?.linkId), change.link]
		: told.links;
	return {
		conversation: change.conversationId ?? told.conversation,
		lines: [...lines.values()].sort((a, b) => Number(BigInt(a.place ?? 0) - BigInt(b.place ?? 0))),
		links,
	};
}

/**
 * Visitor follows the conversation of whoever uses the shop's chat in this browser: the
 * shop is of the same origin, so that this page sees the session that the chat keeps.
 */
export class Visitor {
	readonly store = new Store<Told>(nothing);
	private readonly key: string;
	private token = "";
	private stream: Stream | undefined;
	private following: Following | undefined;

	constructor(widget: string) {
		this.key = `weiche:${widget}`;
	}

	/** Follows from now on, whoever comes. */
	start(): void {
		addEventListener("storage", (event) => {
			if (event.key === this.key || event.key === null) this.look();
		});
		this.look();
	}

	/** Forgets the visitor: the next one to use the chat is another. */
	forget(): void {
		for (const key of Object.keys(localStorage)) {
			if (key === this.key || key.startsWith(`${this.key}:`)) localStorage.removeItem(key);
		}
		this.look();
	}

	private look(): void {
		const token = localStorage.getItem(this.key) ?? "";
		if (token === this.token) return;
		this.token = token;
		this.following?.stop();
		this.stream?.close();
		this.stream = undefined;
		this.store.update(() => nothing);
		if (!token) return;
		this.stream = new Stream(surroundings("", () => token));
		void this.load(token);
	}

	private async load(token: string): Promise<void> {
		try {
			const caller = new Caller("", () => token);
			const told = await caller.call<GetTimelineRequestJson, GetTimelineResponseJson>(
				"weiche.widget.v1.WidgetService/GetTimeline",
				{ limit: 500 },
			);
			if (token !== this.token || !this.stream) return;
			this.store.update(() => ({
				conversation: told.conversationId ?? "",
				lines: told.lines ?? [],
				links: told.links ?? [],
			}));
			this.following = this.stream.follow(
				{ own: true, cursor: told.cursor ?? "" },
				{
					heard: (frame) => this.store.update((before) => hear(before, frame)),
					expired: () => void this.load(token),
				},
			);
		} catch {
			// The session does not count any more: the chat makes another one.
			setTimeout(() => token === this.token && void this.load(token), 5000);
		}
	}
}
