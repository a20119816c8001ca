/** Visit is one visit to the page of a channel that is not linked: it asks for a code, and hears of it. */

import { CallError, clientToken } from "../../api/call.js";
import type {
	LinkJson,
	RequestLinkRequestJson,
	RequestLinkResponseJson,
} from "../../gen/weiche/widget/v1/widget_pb.js";
import { Store } from "../../look/store.js";
import type { Conversation } from "../conversation.js";
import { answer } from "./brought.js";
import { asked, type End, type Linking, ticked, told } from "./link.js";

/** What the server's reasons mean here. */
const refusals: Record<string, End> = {
	REASON_CHANNEL_NOT_OFFERED: "withdrawn",
	REASON_CHANNEL_UNHEALTHY: "withdrawn",
	REASON_NOT_FOUND: "withdrawn",
};

export class Visit {
	/** How far it is. */
	readonly store = new Store<Linking>({ at: "asking" });
	private heard: readonly LinkJson[] = [];
	private away = false;
	private stopWatching = () => {};
	private stopTicking = () => {};
	private left = false;

	constructor(
		private readonly conversation: Conversation,
		private readonly integrationId: string,
	) {}

	/**
	 * Begins it, with a fresh code; where somebody has brought a code before and is asked
	 * to confirm, it goes on with that.
	 */
	begin(): void {
		({ links: this.heard, away: this.away } = this.conversation.store.value);
		this.stopWatching = this.conversation.store.watch(() => this.hear());
		this.tick();
		const brought = this.ours(this.heard).findLast((link) => link.state === "LINK_STATE_MATCHED");
		if (brought) this.store.update(() => ({ at: "matched", link: brought }));
		else void this.ask();
	}

	/** Leaves the page; a code that was not used stays good. */
	end(): void {
		this.left = true;
		this.stopWatching();
		this.stopTicking();
	}

	/** Asks for a fresh code. */
	async ask(): Promise<void> {
		this.store.update(() => ({ at: "asking" }));
		try {
			const { link } = await this.conversation.call<RequestLinkRequestJson, RequestLinkResponseJson>(
				"RequestLink",
				{
					integrationId: this.integrationId,
					clientToken: clientToken(),
					language: this.conversation.language(),
				},
			);
			if (!link) throw new CallError("unknown", "", "no link");
			this.store.update(() => asked(link, Date.now()));
			for (const news of this.ours(this.conversation.store.value.links)) {
				if (news.linkId === link.linkId) this.store.update((page) => told(page, news));
			}
		} catch (cause) {
			const reason = cause instanceof CallError ? cause.reason : "";
			this.store.update(() =>
				reason === "REASON_ALREADY_LINKED"
					? { at: "connected", link: {} }
					: { at: "ended", why: refusals[reason] ?? "unreachable" },
			);
		}
	}

	/** Says that it was the visitor who brought the code; the stream tells when that counts. */
	async confirm(): Promise<void> {
		const { link } = this.live();
		if (link) await answer(this.conversation, "ConfirmLink", link);
	}

	/** Ends the link. */
	async cancel(): Promise<void> {
		const { link } = this.live();
		if (!link || !(await answer(this.conversation, "CancelLink", link))) return;
		if (this.live().link?.linkId === link.linkId)
			this.store.update(() => ({ at: "ended", why: "cancelled", link }));
	}

	/** The link that is waited for, or has to be confirmed. */
	private live(): { link?: LinkJson } {
		const page = this.store.value;
		return page.at === "waiting" || page.at === "matched" ? page : {};
	}

	private hear(): void {
		const { links, away } = this.conversation.store.value;
		const back = this.away && !away;
		this.away = away;
		const { value } = this.store;
		// What could not be asked for can be now.
		if (back && value.at === "ended" && value.why === "unreachable") void this.ask();
		if (links === this.heard) return;
		const before = this.heard;
		this.heard = links;
		for (const news of this.ours(links)) {
			if (before.includes(news)) continue;
			this.store.update((page) => told(page, news));
		}
	}

	private ours(links: readonly LinkJson[]): readonly LinkJson[] {
		return links.filter((link) => link.integrationId === this.integrationId);
	}

	private tick(): void {
		if (this.left) return;
		this.store.update((page) => ticked(page, Date.now()));
		this.stopTicking = this.conversation.after(1000, () => this.tick());
	}
}
