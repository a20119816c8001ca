/** One agent. */

import { useLayoutEffect, useState } from "preact/hooks";
import type { AgentSettingsJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { Dialog } from "../../look/dialog.js";
import { Glyph } from "../../look/glyph.js";
import { ago, day } from "../../look/words.js";
import { useDesk, useLoaded } from "../context.js";
import { differences } from "../edited.js";
import { Form, TextField } from "../field.js";
import { Await, Card, Nothing, Page, Problem, When } from "../page.js";
import { problemOf } from "../problem.js";
import { Remove } from "../remove.js";
import { pathOf } from "../route.js";
import { type Draft, isPassword, loginOf, type Wrongs, wrongAgent } from "./draft.js";
import { AgentFields } from "./fields.js";
import { LoginLink } from "./link.js";

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

function AccessCard({
	settings,
	again,
	allowed,
}: {
	settings: AgentSettingsJson;
	again: () => Promise<unknown>;
	allowed: boolean;
}) {
	const { admin, words, language, now, say } = useDesk();
	const [open, setOpen] = useState<"link" | "password">();
	const [problem, setProblem] = useState("");
	const id = settings.agent?.agentId ?? "";
	const name = settings.agent?.name ?? id;
	const sessions = settings.sessions ?? [];
	const end = async (ids: string[], said: string) => {
		setProblem("");
		try {
			for (const session of ids) await admin.endSession(session);
			say(said);
		} catch (error) {
			setProblem(problemOf(words, error));
		}
		await again();
	};
	const others = sessions.filter((session) => !session.current).map((session) => session.sessionId ?? "");
	return (
		<Card title={words.agents.access}>
			<div class="spread">
				<p>{settings.hasPassword ? words.agents.hasPassword : words.agents.noPassword}</p>
				{allowed ? (
					<div class="buttons">
						<button type="button" class="button" onClick={() => setOpen("link")}>
							<Glyph name="link" />
							{words.agents.link}
						</button>
						<button type="button" class="button" onClick={() => setOpen("password")}>
							<Glyph name="key" />
							{words.agents.setPassword}
						</button>
					</div>
				) : null}
			</div>
			<h3>{words.agents.sessions}</h3>
			{sessions.length ? (
				<ul class="rows">
					{sessions.map((session) => (
						<li key={session.sessionId} class="row">
							<span class="row-name">
								<span>
									<When at={session.openedAt ?? ""}>
										{words.agents.opened(ago(language, new Date(session.openedAt ?? ""), now()))}
									</When>
									{session.current ? <span class="tag">{words.agents.current}</span> : null}
								</span>
								<span class="soft">
									{words.agents.ends(day(language, new Date(session.expiresAt ?? ""), now()))}
								</span>
							</span>
							{allowed && !session.current ? (
								<button
									type="button"
									class="button"
									onClick={() => end([session.sessionId ?? ""], words.agents.ended)}
								>
									{words.agents.end}
								</button>
							) : null}
						</li>
					))}
				</ul>
			) : (
				<p class="soft">{words.agents.noSessions}</p>
			)}
			{allowed && others.length > 1 ? (
				<div class="form-end">
					<button type="button" class="button" onClick={() => end(others, words.agents.endedAll)}>
						{words.agents.endAll}
					</button>
				</div>
			) : null}
			<Problem text={problem} />
			{open === "link" ? <LoginLink agentId={id} name={name} onClose={() => setOpen(undefined)} /> : null}
			{open === "password" ? (
				<SetPassword id={id} name={name} onClose={() => setOpen(undefined)} onSet={again} />
			) : null}
		</Card>
	);
}

function SetPassword({
	id,
	name,
	onClose,
	onSet,
}: {
	id: string;
	name: string;
	onClose: () => void;
	onSet: () => Promise<unknown>;
}) {
	const { admin, words, say } = useDesk();
	const [password, setPassword] = useState("");
	const [wrong, setWrong] = useState(false);
	const [problem, setProblem] = useState("");
	const [busy, setBusy] = useState(false);
	const set = async () => {
		setWrong(!isPassword(password));
		setProblem("");
		if (!isPassword(password)) return false;
		setBusy(true);
		try {
			await admin.setPassword(id, password);
		} catch (error) {
			setProblem(problemOf(words, error));
			setBusy(false);
			return false;
		}
		say(words.agents.passwordSet(name));
		onClose();
		await onSet();
		return true;
	};
	return (
		<Dialog title={words.agents.passwordTitle(name)} onClose={onClose}>
			<Form onSend={set} class="stack">
				<p class="dialog-text">{words.agents.passwordText}</p>
				<TextField
					label={words.agents.newPassword}
					hint={words.agents.passwordHint}
					error={wrong ? words.agents.wrong.password : ""}
					secret
					value={password}
					onValue={setPassword}
					required
					disabled={busy}
				/>
				<Problem text={problem} />
				<div class="dialog-buttons">
					<button type="button" class="button" onClick={onClose}>
						{words.cancel}
					</button>
					<button type="submit" class="button primary" disabled={busy}>
						{words.agents.setPassword}
					</button>
				</div>
			</Form>
		</Dialog>
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
