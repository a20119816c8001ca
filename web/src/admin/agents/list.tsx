/** The agents of the account. */

import { useState } from "preact/hooks";
import type { AgentSettingsJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { Dialog } from "../../look/dialog.js";
import { Glyph } from "../../look/glyph.js";
import { useDesk, useLoaded } from "../context.js";
import { Form } from "../field.js";
import { freeId, slug } from "../integrations/draft.js";
import { Await, Go, Page, Problem } from "../page.js";
import { problemOf } from "../problem.js";
import { pathOf } from "../route.js";
import { type Draft, loginOf, type Wrongs, wrongAgent } from "./draft.js";
import { AgentFields } from "./fields.js";
import { LoginLink } from "./link.js";

/** All agents, and a way to add one. */
export function Agents() {
	const { admin, words, may, say } = useDesk();
	const loaded = useLoaded(() => admin.agents());
	const [adding, setAdding] = useState(false);
	const [added, setAdded] = useState<{ id: string; name: string }>();
	return (
		<Page
			title={words.sections.agents}
			lead={words.agents.lead}
			actions={
				may("access:write") ? (
					<button type="button" class="button primary" onClick={() => setAdding(true)}>
						<Glyph name="plus" />
						{words.agents.add}
					</button>
				) : null
			}
		>
			<Await of={loaded}>{(agents) => <AgentList agents={agents} />}</Await>
			{adding && loaded.value ? (
				<AddAgent
					others={loaded.value}
					onClose={() => setAdding(false)}
					onAdded={async (id, name) => {
						setAdding(false);
						say(words.agents.added(name));
						setAdded({ id, name });
						await loaded.again();
					}}
				/>
			) : null}
			{added ? (
				<LoginLink
					agentId={added.id}
					name={added.name}
					onClose={() => {
						setAdded(undefined);
						void loaded.again();
					}}
				/>
			) : null}
		</Page>
	);
}

/** The list of agents. */
export function AgentList({ agents }: { agents: AgentSettingsJson[] }) {
	const { words, me } = useDesk();
	return (
		<ul class="rows card">
			{agents.map(({ agent, login, hasPassword, sessions }) => (
				<li key={agent?.agentId}>
					<Go to={pathOf("agents", agent?.agentId)} class="row agent">
						<span class="row-name">
							<span>
								<bdi>{agent?.name}</bdi>
								{agent?.agentId === me.agent?.agentId ? <span class="tag">{words.agents.you}</span> : null}
							</span>
							<bdi class="soft">{login || words.agents.loginMissing}</bdi>
						</span>
						<span class="row-role">{words.agents.roles[agent?.role ?? "ROLE_AGENT"]}</span>
						<span class="row-state soft">
							<span>{hasPassword ? words.agents.hasPassword : words.agents.noPassword}</span>
							<span>{words.agents.sessionCount(sessions?.length ?? 0)}</span>
						</span>
						<Glyph name="forward" />
					</Go>
				</li>
			))}
		</ul>
	);
}

function AddAgent({
	others,
	onClose,
	onAdded,
}: {
	others: AgentSettingsJson[];
	onClose: () => void;
	onAdded: (id: string, name: string) => Promise<void>;
}) {
	const { admin, words } = useDesk();
	const [draft, setDraft] = useState<Draft>({ name: "", login: "", role: "ROLE_AGENT" });
	const [wrongs, setWrongs] = useState<Wrongs>({});
	const [problem, setProblem] = useState("");
	const [busy, setBusy] = useState(false);
	const add = async () => {
		const found = wrongAgent(draft, others);
		setWrongs(found);
		setProblem("");
		if (Object.keys(found).length > 0) return false;
		const id = freeId(
			slug(draft.name) || "agent",
			others.map((other) => other.agent?.agentId ?? ""),
		);
		setBusy(true);
		try {
			await admin.putAgent({ id, name: draft.name.trim(), login: loginOf(draft.login), role: draft.role });
			await onAdded(id, draft.name.trim());
			return true;
		} catch (error) {
			setProblem(problemOf(words, error));
			setBusy(false);
			return false;
		}
	};
	return (
		<Dialog title={words.agents.add} onClose={onClose}>
			<Form onSend={add} class="stack">
				<AgentFields
					draft={draft}
					change={(part) => setDraft((before) => ({ ...before, ...part }))}
					wrongs={wrongs}
					disabled={busy}
				/>
				<Problem text={problem} />
				<div class="dialog-buttons">
					<button type="button" class="button" onClick={onClose}>
						{words.cancel}
					</button>
					<button type="submit" class="button primary" disabled={busy}>
						{words.agents.add}
					</button>
				</div>
			</Form>
		</Dialog>
	);
}
