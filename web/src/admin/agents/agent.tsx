/** One agent. */

import { useLayoutEffect, useState } from "preact/hooks";
import type { AgentSettingsJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { useDesk, useLoaded } from "../context.js";
import { differences } from "../edited.js";
import { Form } from "../field.js";
import { Await, Card, Nothing, Page, Problem } from "../page.js";
import { problemOf } from "../problem.js";
import { Remove } from "../remove.js";
import { pathOf } from "../route.js";
import { AccessCard } from "./access.js";
import { type Draft, loginOf, type Wrongs, wrongAgent } from "./draft.js";
import { AgentFields } from "./fields.js";

/** The page of one agent. */
export function Agent({ id }: { id: string }) {
	const { admin, words } = useDesk();
	const loaded = useLoaded(() => admin.agents());
	const back = { to: pathOf("agents"), name: words.sections.agents };
	const found = loaded.value?.find((one) => one.agent?.agentId === id);
	if (loaded.value && !found) return <Nothing back={back} />;
	return (
		<Page
			title={found?.agent?.name ?? id}
			lead={found ? words.agents.roles[found.agent?.role ?? "ROLE_AGENT"] : ""}
			back={back}
		>
			<Await of={loaded}>
				{(all) => (found ? <Cards settings={found} all={all} again={loaded.again} /> : null)}
			</Await>
		</Page>
	);
}

/** All that can be seen of an agent, and done about them. */
export function Cards({
	settings,
	all,
	again,
}: {
	settings: AgentSettingsJson;
	all: AgentSettingsJson[];
	again: () => Promise<unknown>;
}) {
	const { may, me } = useDesk();
	const mine = settings.agent?.agentId === me.agent?.agentId;
	// Who may do more is changed by those who may do as much.
	const allowed = may("access:write") && (settings.agent?.role !== "ROLE_OWNER" || may("owners:write"));
	return (
		<>
			<DetailsCard settings={settings} all={all} again={again} allowed={allowed} mine={mine} />
			<AccessCard settings={settings} again={again} allowed={allowed} />
			{allowed && !mine ? <RemoveAgent settings={settings} /> : null}
		</>
	);
}

function DetailsCard({
	settings,
	all,
	again,
	allowed,
	mine,
}: {
	settings: AgentSettingsJson;
	all: AgentSettingsJson[];
	again: () => Promise<unknown>;
	allowed: boolean;
	mine: boolean;
}) {
	const { admin, words, router, say } = useDesk();
	const { agent } = settings;
	const before: Draft = {
		name: agent?.name ?? "",
		login: settings.login ?? "",
		role: agent?.role ?? "ROLE_AGENT",
	};
	const [draft, setDraft] = useState(before);
	const changed = differences(before, draft).length > 0;
	useLayoutEffect(() => {
		router.hold(changed);
		return () => router.hold(false);
	}, [changed]);
	const [wrongs, setWrongs] = useState<Wrongs>({});
	const [problem, setProblem] = useState("");
	const [busy, setBusy] = useState(false);
	const save = async () => {
		const found = wrongAgent(
			draft,
			all.filter((other) => other !== settings),
		);
		setWrongs(found);
		setProblem("");
		if (Object.keys(found).length > 0) return false;
		setBusy(true);
		try {
			const saved: Draft = { ...draft, name: draft.name.trim(), login: loginOf(draft.login) };
			await admin.putAgent({ id: agent?.agentId ?? "", ...saved });
			setDraft(saved);
			say(words.saved);
			await again();
			return true;
		} catch (error) {
			setProblem(problemOf(words, error));
			return false;
		} finally {
			setBusy(false);
		}
	};
	return (
		<Card title={words.agents.details}>
			<Form onSend={save} class="stack">
				<AgentFields
					draft={draft}
					change={(part) => setDraft((before) => ({ ...before, ...part }))}
					wrongs={wrongs}
					disabled={busy || !allowed}
					fixedRole={mine ? words.agents.yourself : ""}
				/>
				<p class="soft">
					{words.agents.id}: <span class="code">{agent?.agentId}</span>
				</p>
				<Problem text={problem} />
				{allowed ? (
					<div class="form-end">
						<button type="submit" class="button primary" disabled={busy}>
							{words.save}
						</button>
					</div>
				) : null}
			</Form>
		</Card>
	);
}

function RemoveAgent({ settings }: { settings: AgentSettingsJson }) {
	const { admin, words, router, say } = useDesk();
	const name = settings.agent?.name ?? "";
	return (
		<Remove
			title={words.agents.removeTitle(name)}
			text={words.agents.removeText(name)}
			remove={() => admin.removeAgent(settings.agent?.agentId ?? "")}
			onRemoved={() => {
				say(words.agents.removed(name));
				router.replace(pathOf("agents"));
			}}
		/>
	);
}
