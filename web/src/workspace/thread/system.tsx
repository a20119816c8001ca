/** Lines that no person wrote, in words. */

import type { SystemLineJson, TimelineItemJson } from "../../gen/weiche/view/v1/timeline_pb.js";
import { channelGlyph, Glyph, type GlyphName } from "../../look/glyph.js";
import { clock } from "../../look/words.js";
import { useWorkspace } from "../workspace.js";
import { capital, type Speech, useSpeech } from "./around.js";
import { plain } from "./content.js";
import { type Group, timeOf } from "./timeline.js";

/** What a system line says. */
export function systemText(line: SystemLineJson, speech: Speech): string {
	const { words, agent } = speech;
	const said = words.system;
	const channel = speech.channel(line.channel);
	const who = line.agentId ? capital(agent(line.agentId)) : words.customer;
	switch (line.kind?.slice("SYSTEM_LINE_KIND_".length)) {
		case "CONVERSATION_STARTED":
			return line.otherConversationId ? said.continues : said.started;
		case "LINK_REQUESTED":
			return line.agentId ? said.linkOffered(who, channel) : said.linkRequested(who, channel);
		case "LINK_MATCHED":
			return said.linkMatched(channel, line.hint ?? "");
		case "LINK_PROMPTED":
			return said.linkPrompted(channel);
		case "LINK_ANSWERED":
			return line.tooLate
				? said.linkTooLate(channel)
				: line.yes
					? said.linkYes(channel)
					: said.linkNo(channel);
		case "LINK_CANCELLED":
			return said.linkCancelled(channel);
		case "LINK_FAILED":
			return said.linkFailed(channel);
		case "LINK_EXPIRED":
			return said.linkExpired(channel);
		case "LINK_APPROVED":
			return said.linkApproved;
		case "CHANNEL_BOUND":
			return said.bound(capital(channel));
		case "CHANNEL_UNBOUND":
			return unbound(line, capital(channel), who, speech);
		case "NOTICE":
			return said.notice(channel);
		case "ROUTE_CHANGED":
			return line.integrationId ? said.route(channel) : said.noRoute;
		case "ERASED":
			return said.erased;
		case "QUARANTINED":
			return [
				said.quarantined(channel),
				line.replayed ? said.quarantineReplayed : line.discarded ? said.quarantineDiscarded : "",
			].join(" ");
		case "TEMPLATE_OFFERED":
			return said.templateOffered(channel);
		case "REACTION_FAILED":
			return said.reactionFailed;
		case "THREAD_OPENED":
			return said.threadOpened(channel);
		case "ALIAS_CONFLICT":
			return said.aliasConflict;
		case "IDENTITY_KEY_CHANGED":
			return said.keyChanged(channel);
		case "IDENTITY_CONFIRMED":
			return said.identityConfirmed(channel);
		case "CLOSED":
			return said.closed(who);
		case "REOPENED":
			return line.agentId ? said.reopened(who) : said.reopenedByCustomer;
		case "CONTINUED":
			return said.continued;
		case "ASSIGNED":
			if (!line.assigneeId) return said.unassigned(who);
			return line.assigneeId === line.agentId
				? said.assignedSelf(who)
				: said.assigned(who, agent(line.assigneeId));
		case "LABELS_CHANGED":
			return [
				line.labelsAdded?.length ? said.labelled(who, line.labelsAdded.join(", ")) : "",
				line.labelsRemoved?.length ? said.unlabelled(who, line.labelsRemoved.join(", ")) : "",
			]
				.filter(Boolean)
				.join(". ");
	}
	return words.unsupported("");
}

function unbound(line: SystemLineJson, channel: string, who: string, { words }: Speech): string {
	switch (line.unboundReason) {
		case "UNBOUND_REASON_AGENT":
			return words.system.unboundBy(line.agentId ? who : capital(words.somebody), channel);
		case "UNBOUND_REASON_LINKED_ELSEWHERE":
		case "UNBOUND_REASON_CONTINUED":
			return words.system.unboundMoved(channel);
		case "UNBOUND_REASON_CUT":
			return words.system.unboundCut(channel);
		case "UNBOUND_REASON_ADDRESS_GONE":
			return words.system.unboundGone(channel);
	}
	return words.system.unbound(channel);
}

/** The sign of a system line. */
function signOf(line: SystemLineJson): GlyphName {
	switch (line.kind) {
		case "SYSTEM_LINE_KIND_ROUTE_CHANGED":
			return "route";
		case "SYSTEM_LINE_KIND_CHANNEL_UNBOUND":
			return "unlink";
		case "SYSTEM_LINE_KIND_ASSIGNED":
			return "person";
		case "SYSTEM_LINE_KIND_LABELS_CHANGED":
			return "label";
		case "SYSTEM_LINE_KIND_CLOSED":
			return "check";
		case "SYSTEM_LINE_KIND_REOPENED":
		case "SYSTEM_LINE_KIND_CONTINUED":
			return "history";
		case "SYSTEM_LINE_KIND_QUARANTINED":
		case "SYSTEM_LINE_KIND_ALIAS_CONFLICT":
		case "SYSTEM_LINE_KIND_IDENTITY_KEY_CHANGED":
		case "SYSTEM_LINE_KIND_LINK_FAILED":
		case "SYSTEM_LINE_KIND_REACTION_FAILED":
			return "alert";
		case "SYSTEM_LINE_KIND_CONVERSATION_STARTED":
			return channelGlyph(line.channel ?? "");
	}
	return line.linkId ? "link" : "clock";
}

/** System lines that stand together. */
export function SystemGroup({ group }: { group: Group }) {
	return (
		<>
			{group.lines.map((line) => (
				<SystemLine key={line.position} item={line} />
			))}
		</>
	);
}

function SystemLine({ item }: { item: TimelineItemJson }) {
	const speech = useSpeech();
	const { places } = useWorkspace();
	const line = item.system;
	if (!line) return null;
	const other = line.otherConversationId;
	const at = timeOf(item);
	const words = item.content ? plain(item.content, speech.words) : "";
	return (
		<p class="system">
			<Glyph name={signOf(line)} />
			<span>
				<bdi>{systemText(line, speech)}</bdi>
				{words && <q dir="auto">{words}</q>}{" "}
				{other && (
					<a
						href={places.address({ conversationId: other })}
						onClick={(event) => {
							if (event.ctrlKey || event.metaKey || event.shiftKey) return;
							event.preventDefault();
							places.go({ conversationId: other });
						}}
					>
						{speech.words.system.openOther}
					</a>
				)}{" "}
				<time dateTime={item.recordedAt} title={at.toLocaleString(speech.language)}>
					{clock(speech.language, at)}
				</time>
			</span>
		</p>
	);
}
