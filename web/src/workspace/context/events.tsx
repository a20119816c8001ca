/** What happened in a conversation, in order: who, when, and what exactly. */

import { useEffect, useRef, useState } from "preact/hooks";
import { CallError } from "../../api/call.js";
import type { EventJson } from "../../gen/weiche/stream/v1/event_pb.js";
import type {
	ListConversationEventsRequestJson,
	ListConversationEventsResponseJson,
} from "../../gen/weiche/workspace/v1/workspace_pb.js";
import { CopyButton } from "../../look/copy.js";
import { capital, useConversation, useOf, useSpeech } from "../thread/around.js";
import { Skeleton } from "../thread/skeleton.js";
import { commandOf, doerOf } from "./event.js";

/** So many events are read at once. */
const page = 100;

interface Read {
	events: readonly EventJson[];
	more: boolean;
	failed: boolean;
}

/** The events of the conversation; new ones come by themselves. */
export function Events() {
	const conversation = useConversation();
	const { around: said } = useSpeech();
	const lines = useOf((state) => state.timeline?.lines);
	const [read, setRead] = useState<Read>();
	const reading = useRef(false);
	const there = useRef(true);
	useEffect(
		() => () => {
			there.current = false;
		},
		[],
	);
	const go = async () => {
		if (reading.current) return;
		reading.current = true;
		const before = read?.events ?? [];
		let next: Read;
		try {
			const answer = await conversation.call<
				ListConversationEventsRequestJson,
				ListConversationEventsResponseJson
			>("ListConversationEvents", {
				conversationId: conversation.id,
				after: before.at(-1)?.version ?? "0",
				limit: page,
			});
			next = { events: [...before, ...(answer.events ?? [])], more: answer.more ?? false, failed: false };
		} catch (error) {
			if (!(error instanceof CallError)) throw error;
			next = { events: before, more: read?.more ?? true, failed: true };
		}
		reading.current = false;
		if (there.current) setRead(next);
	};
	// Lines change when something happened: where all was read, that is read too.
	useEffect(() => {
		if (!read?.more) void go();
	}, [lines]);
	if (!read) return <Skeleton words={said.eventsLoading} />;
	return (
		<>
			<p class="soft">{said.eventsHint}</p>
			<ol class="events">
				{read.events.map((event) => (
					<li key={event.eventId}>
						<Event event={event} />
					</li>
				))}
			</ol>
			{read.failed && <p role="alert">{said.eventsFailed}</p>}
			{(read.more || read.failed) && (
				<button type="button" class="button small" onClick={go}>
					{read.failed ? said.tryAgain : said.more}
				</button>
			)}
			<p class="soft">{said.commandHint}</p>
		</>
	);
}

function Event({ event }: { event: EventJson }) {
	const { around: said, language, agent } = useSpeech();
	const doer = doerOf(event);
	const at = new Date(event.at ?? 0);
	return (
		<details class="event">
			<summary>
				<code>{event.type}</code>
				<span class="soft">
					{doer.kind === "agent" ? capital(agent(doer.agentId)) : said.who[doer.kind]} ·{" "}
					<time dateTime={event.at}>
						{at.toLocaleString(language, { dateStyle: "short", timeStyle: "medium" })}
					</time>{" "}
					· {said.sequence(event.version ?? "")}
				</span>
			</summary>
			<pre class="code" dir="ltr">
				{JSON.stringify(event, null, 2)}
			</pre>
			<CopyButton
				text={commandOf(event)}
				what={said.commandOf(event.type ?? "")}
				words={{ copy: said.copyCommand, copied: said.copied }}
			/>
		</details>
	);
}
