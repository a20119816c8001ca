/** Links that have not ended, as the lines of a conversation tell of them. */

import type { TimelineItemJson } from "../../gen/weiche/view/v1/timeline_pb.js";
import type { ChannelJson } from "../../gen/weiche/workspace/v1/workspace_pb.js";

/** OpenLink is a link that somebody may still confirm. */
export interface OpenLink {
	linkId: string;
	channel: string;
	/** How far it is. */
	state: "requested" | "matched";
	/** When its code ends. */
	expiresAt?: Date;
}

/**
 * The links that have not ended, in the order in which they were asked for. No line tells
 * that one ended because its channel was withdrawn: the channel does.
 */
export function openLinks(
	lines: readonly TimelineItemJson[],
	channels: readonly ChannelJson[],
	now: Date,
): OpenLink[] {
	const open = new Map<string, OpenLink>();
	for (const { system, position } of lines) {
		if (!system?.linkId) continue;
		const { linkId, channel = "", expiresAt } = system;
		switch (system.kind) {
			case "SYSTEM_LINE_KIND_LINK_REQUESTED": {
				const of = channels.find((one) => one.integrationId === system.integrationId);
				if (!of || BigInt(position ?? 0) < BigInt(of.withdrawnPosition ?? 0)) break;
				open.set(linkId, {
					linkId,
					channel,
					state: "requested",
					...(expiresAt ? { expiresAt: new Date(expiresAt) } : {}),
				});
				break;
			}
			case "SYSTEM_LINE_KIND_LINK_MATCHED":
			case "SYSTEM_LINE_KIND_LINK_PROMPTED": {
				const link = open.get(linkId);
				if (link) open.set(linkId, { linkId, channel: link.channel, state: "matched" });
				break;
			}
			case "SYSTEM_LINE_KIND_LINK_CONFIRMED":
			case "SYSTEM_LINE_KIND_LINK_CANCELLED":
			case "SYSTEM_LINE_KIND_LINK_FAILED":
			case "SYSTEM_LINE_KIND_LINK_EXPIRED":
			case "SYSTEM_LINE_KIND_CHANNEL_BOUND":
				open.delete(linkId);
		}
	}
	return [...open.values()].filter((link) => !link.expiresAt || link.expiresAt > now);
}
