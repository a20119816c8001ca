/** The audit of the account: who came in, and what was set up. */

import { useMemo, useState } from "preact/hooks";
import type { LoggedEventJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { ago } from "../../look/words.js";
import type { Admin } from "../api.js";
import { useDesk, useLoaded } from "../context.js";
import { type Names, whoOf } from "../names.js";
import { Await, Page, When } from "../page.js";
import { actorOf, kindOf, namesIn, rawOf, subjectOf } from "./describe.js";

/** So many rows are shown at first, and as many more each time. */
const page = 100;

/** The newest events first. */
export function Audit() {
	const { admin, words } = useDesk();
	const loaded = useLoaded(() => allEvents(admin));
	return (
		<Page title={words.sections.audit} lead={words.audit.lead} wide>
			<Await of={loaded}>{(events) => <EventTable events={events} />}</Await>
		</Page>
	);
}

/** The log is read from its beginning: the audit of an account is small. */
async function allEvents(admin: Admin): Promise<LoggedEventJson[]> {
	const all: LoggedEventJson[] = [];
	for (let more = true; more; ) {
		const { events, full } = await admin.events(all.at(-1)?.position ?? "0");
		all.push(...events);
		more = full;
	}
	return all.reverse();
}

/** The table of events. */
export function EventTable({ events }: { events: LoggedEventJson[] }) {
	const { words } = useDesk();
	const [shown, setShown] = useState(page);
	const names = useMemo(() => namesIn(events, words.web), [events, words]);
	if (events.length === 0) return <p class="empty">{words.audit.empty}</p>;
	return (
		<>
			<div class="table-frame card">
				<table>
					<thead>
						<tr>
							<th scope="col">{words.audit.when}</th>
							<th scope="col">{words.audit.who}</th>
							<th scope="col">{words.audit.what}</th>
							<th scope="col">{words.audit.about}</th>
						</tr>
					</thead>
					<tbody>
						{events.slice(0, shown).map((event) => (
							<EventRow key={event.position} event={event} names={names} />
						))}
					</tbody>
				</table>
			</div>
			{shown < events.length ? (
				<div class="form-end">
					<button type="button" class="button" onClick={() => setShown(shown + page)}>
						{words.audit.more}
					</button>
				</div>
			) : null}
		</>
	);
}

function EventRow({ event, names }: { event: LoggedEventJson; names: Names }) {
	const { words, language, now } = useDesk();
	const kind = kindOf(event);
	const by = actorOf(event);
	return (
		<tr>
			<td>
				<When at={event.recordedAt ?? ""}>{ago(language, new Date(event.recordedAt ?? ""), now())}</When>
			</td>
			<td>
				<bdi>{by ? whoOf(words, names, by) : words.audit.itself}</bdi>
				{by === "operator" ? <span class="soft below">{words.audit.byOperator}</span> : null}
			</td>
			<td>
				<details>
					<summary>{words.audit.events[kind] ?? kind}</summary>
					<pre class="code">{rawOf(event)}</pre>
				</details>
			</td>
			<td>
				<bdi>{subjectOf(event, names)}</bdi>
			</td>
		</tr>
	);
}
