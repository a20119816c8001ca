/** A conversation as one row of the list. */

import { Component } from "preact";
import { channelGlyph, Glyph } from "../../look/glyph.js";
import { Ago, lasting, useSaid } from "../../look/time.js";
import { channelName, type Language } from "../../look/words.js";
import { type InboxWords, saidIn } from "../said.js";
import { nameOf } from "./name.js";
import type { Row } from "./state.js";

/** What a row is drawn from. */
export interface RowProps {
	row: Row;
	language: Language;
	/** Who looks. */
	me: string;
	/** The name of an agent. */
	name(agentId: string): string;
	href: string;
	/** Its conversation is open. */
	current: boolean;
	/** It is the one of the list that the tabulator leads to. */
	reachable: boolean;
	/** It is not of this list any more, and stays only as long as it is held. */
	leaving: boolean;
}

/** What is heard between the parts of a row, which is one link with one name. */
const pause = <span class="hidden">, </span>;

/** RowItem is drawn again only where something of it is different: there may be thousands. */
export class RowItem extends Component<RowProps> {
	override shouldComponentUpdate(next: RowProps): boolean {
		return (Object.keys(next) as (keyof RowProps)[]).some((key) => next[key] !== this.props[key]);
	}

	override render({ row, language, me, name, href, current, reachable, leaving }: RowProps) {
		const words = saidIn(language).inbox;
		const unread = (row.unread ?? 0) > 0;
		const closed = row.status === "CONVERSATION_STATUS_CLOSED";
		return (
			// biome-ignore lint/a11y/useSemanticElements: a list of HTML has no parts
			<div class="row-item" role="listitem">
				<a
					class={`row${unread ? " unread" : ""}${leaving ? " leaving" : ""}`}
					href={href}
					data-id={row.conversationId}
					aria-current={current ? "true" : undefined}
					tabIndex={reachable ? 0 : -1}
				>
					<span class="row-name" dir="auto">
						{nameOf(words, row)}
						{pause}
						{unread && <span class="hidden">{words.unread(row.unread ?? 0)}, </span>}
					</span>
					<span class="row-time">
						{row.activeAt && <Ago at={row.activeAt} language={language} />}
						{pause}
					</span>
					<span class="row-line" dir="auto">
						{lineOf(words, row, me, name)}
						{pause}
					</span>
					<span class="row-facts">
						<span class="fact">
							<Glyph name={channelGlyph(row.channel ?? "")} />
							{channelName(row.channel ?? "", words.webChat)}
							{pause}
						</span>
						{(row.troubles ?? 0) > 0 && (
							<span class="fact bad">
								<Glyph name="alert" />
								{words.troubles(row.troubles ?? 0)}
								{pause}
							</span>
						)}
						{closed ? (
							<span class="fact">
								<Glyph name="check" />
								{words.isClosed}
								{pause}
							</span>
						) : (
							row.waitingSince && <Waiting since={row.waitingSince} language={language} />
						)}
						{row.labels && (
							<span class="row-tags">
								{row.labels.map((label) => (
									<bdi key={label} class="tag">
										{label}
										{pause}
									</bdi>
								))}
							</span>
						)}
						{row.assigneeId && (
							<span class="fact assignee">
								<Glyph name="person" />
								<span class="hidden">{words.assigneeIs}</span>
								<bdi>{row.assigneeId === me ? words.you : name(row.assigneeId)}</bdi>
							</span>
						)}
					</span>
				</a>
			</div>
		);
	}
}

/** How long the customer has been waiting. */
function Waiting({ since, language }: { since: string; language: Language }) {
	const at = new Date(since);
	// Within a minute nobody waits.
	const span = useSaid((now) => (now.getTime() - at.getTime() < 60_000 ? "" : lasting(language, at, now)));
	if (!span) return null;
	return (
		<span class="fact waiting">
			<Glyph name="clock" />
			{saidIn(language).inbox.waiting(span)}
			{pause}
		</span>
	);
}

/** The last thing that somebody said, and who where it was not the customer. */
export function lineOf(words: InboxWords, row: Row, me: string, name: (id: string) => string): string {
	const line = row.lastLine;
	if (!line) return words.silent;
	const said = line.unsent ? words.unsent : line.text || words.other[line.other ?? ""] || words.otherwise;
	const { agentId = "" } = line;
	const found = name(agentId);
	const by = agentId === me ? words.you : found === agentId ? words.program : found;
	switch (line.speaker) {
		case "SPEAKER_AGENT":
			return `${by}: ${said}`;
		case "SPEAKER_NOTE":
			return `${words.note(by)}: ${said}`;
		case "SPEAKER_NATIVE_APP":
			return `${words.nativeApp}: ${said}`;
	}
	return said;
}
