/** One connected channel. */

import { useState } from "preact/hooks";
import type { IntegrationJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { Ask } from "../../look/dialog.js";
import { Glyph } from "../../look/glyph.js";
import { channelName } from "../../look/words.js";
import { useDesk, useLoaded } from "../context.js";
import { Form } from "../field.js";
import { Await, Card, Nothing, Page, Problem } from "../page.js";
import { faultyField, problemOf } from "../problem.js";
import { pathOf } from "../route.js";
import {
	type Draft,
	draftOf,
	emptyDraft,
	isChannel,
	requestOf,
	type Wrongs,
	wrongAccount,
	wrongApp,
} from "./draft.js";
import { AccountFields, AppFields } from "./fields.js";
import { Health, LastWebhook } from "./health.js";
import { lookAgain } from "./list.js";
import { Webhook } from "./webhook.js";

/** The page of one connected channel. */
export function Integration({ id }: { id: string }) {
	const { admin, words } = useDesk();
	const loaded = useLoaded(
		async () => (await admin.integrations()).find((one) => one.integrationId === id) ?? null,
		lookAgain,
	);
	const back = { to: pathOf("integrations"), name: words.sections.integrations };
	if (loaded.value === null) return <Nothing back={back} />;
	const name = loaded.value?.name || id;
	return (
		<Page title={name} back={back} lead={channelName(loaded.value?.channel ?? "", words.web)}>
			<Await of={loaded}>
				{(integration) =>
					integration ? <Cards integration={integration} put={loaded.put} again={loaded.again} /> : null
				}
			</Await>
		</Page>
	);
}

/** All that can be seen of a channel, and done to it. */
export function Cards({
	integration,
	put,
	again,
}: {
	integration: IntegrationJson;
	put: (integration: IntegrationJson) => void;
	again: () => Promise<void>;
}) {
	const { may } = useDesk();
	const [verifyToken, setVerifyToken] = useState("");
	const connectable = isChannel(integration.channel ?? "");
	return (
		<>
			<HealthCard integration={integration} put={put} />
			{connectable ? <DetailsCard integration={integration} put={put} /> : null}
			{connectable ? (
				<AppCard integration={integration} verifyToken={verifyToken} onVerifyToken={setVerifyToken} />
			) : null}
			{may("setup:write") ? <RemoveCard integration={integration} again={again} /> : null}
		</>
	);
}

function HealthCard({
	integration,
	put,
}: {
	integration: IntegrationJson;
	put: (now: IntegrationJson) => void;
}) {
	const { words, admin, may } = useDesk();
	const [busy, setBusy] = useState(false);
	const [said, setSaid] = useState("");
	const [problem, setProblem] = useState("");
	const check = async () => {
		if (busy) return;
		setBusy(true);
		setSaid("");
		setProblem("");
		try {
			const now = await admin.checkIntegration(integration.integrationId ?? "");
			put({
				...integration,
				...now,
				error: now.error,
				unhealthySince: now.unhealthySince,
				healthy: now.healthy,
			});
			if (now.healthy) setSaid(words.integrations.checkedOk);
		} catch (error) {
			setProblem(problemOf(words, error));
		}
		setBusy(false);
	};
	return (
		<Card title={words.integrations.healthTitle}>
			<div class="spread">
				<div class="stack tight" role="status">
					<Health integration={integration} />
					{isChannel(integration.channel ?? "") ? <LastWebhook integration={integration} /> : null}
					{said ? <span class="soft">{said}</span> : null}
					{busy ? <span class="soft">{words.integrations.checking}</span> : null}
				</div>
				{may("setup:write") ? (
					<button type="button" class="button" aria-disabled={busy} onClick={check}>
						<Glyph name="retry" />
						{words.integrations.checkNow}
					</button>
				) : null}
			</div>
			<Problem text={problem} />
		</Card>
	);
}

function DetailsCard({
	integration,
	put,
}: {
	integration: IntegrationJson;
	put: (now: IntegrationJson) => void;
}) {
	const { words, admin, may, say } = useDesk();
	const channel = integration.channel ?? "";
	const [draft, setDraft] = useState<Draft>(() => draftOf(integration));
	const [wrongs, setWrongs] = useState<Wrongs>({});
	const [said, setSaid] = useState<{ field: string; text: string }>();
	const [busy, setBusy] = useState(false);
	const save = async () => {
		const found = wrongAccount(channel, draft, true);
		setWrongs(found);
		setSaid(undefined);
		if (Object.keys(found).length > 0) return false;
		setBusy(true);
		try {
			const ids = { integration: integration.integrationId ?? "", app: integration.appId ?? "" };
			const answer = await admin.connect(requestOf(channel, draft, ids));
			put({ ...integration, ...answer.integration });
			setDraft((before) => ({ ...before, accessToken: "" }));
			say(words.integrations.changed);
			return true;
		} catch (error) {
			setSaid({ field: faultyField(error), text: problemOf(words, error) });
			return false;
		} finally {
			setBusy(false);
		}
	};
	const disabled = busy || !may("setup:write");
	return (
		<Card title={words.integrations.details}>
			<Form onSend={save} class="stack">
				<AccountFields
					channel={channel}
					draft={draft}
					change={(part) => setDraft((before) => ({ ...before, ...part }))}
					wrongs={wrongs}
					said={said}
					disabled={disabled}
					connected
				/>
				<Problem text={said && !said.field ? said.text : ""} />
				<div class="form-end">
					<span role="status" class="said">
						{busy ? words.integrations.checking : null}
					</span>
					<button type="submit" class="button primary" disabled={disabled}>
						{words.save}
					</button>
				</div>
			</Form>
		</Card>
	);
}

function AppCard({
	integration,
	verifyToken,
	onVerifyToken,
}: {
	integration: IntegrationJson;
	verifyToken: string;
	onVerifyToken: (token: string) => void;
}) {
	const { words, admin, may, say } = useDesk();
	const channel = integration.channel ?? "";
	const [draft, setDraft] = useState<Draft>(() => emptyDraft(""));
	const [wrongs, setWrongs] = useState<Wrongs>({});
	const [problem, setProblem] = useState("");
	const [busy, setBusy] = useState(false);
	const save = async () => {
		const found = wrongApp(draft);
		setWrongs(found);
		setProblem("");
		if (Object.keys(found).length > 0) return false;
		setBusy(true);
		try {
			const now = { ...draftOf(integration), providerAppId: draft.providerAppId, appSecret: draft.appSecret };
			const ids = { integration: integration.integrationId ?? "", app: integration.appId ?? "" };
			const answer = await admin.connect(requestOf(channel, now, ids));
			onVerifyToken(answer.verifyToken ?? "");
			setDraft(emptyDraft(""));
			say(words.integrations.appSaved);
			return true;
		} catch (error) {
			setProblem(problemOf(words, error));
			return false;
		} finally {
			setBusy(false);
		}
	};
	return (
		<Card title={words.integrations.stepWebhook}>
			<Webhook integration={integration} verifyToken={verifyToken} />
			{may("setup:write") ? (
				<details class="more">
					<summary>{words.integrations.appTitle}</summary>
					<Form onSend={save} class="stack">
						<p class="prose">{words.integrations.appLead}</p>
						<AppFields
							channel={channel}
							draft={draft}
							change={(part) => setDraft((before) => ({ ...before, ...part }))}
							wrongs={wrongs}
							disabled={busy}
						/>
						<Problem text={problem} />
						<div class="form-end">
							<button type="submit" class="button" disabled={busy}>
								{words.integrations.saveApp}
							</button>
						</div>
					</Form>
				</details>
			) : null}
		</Card>
	);
}

function RemoveCard({ integration, again }: { integration: IntegrationJson; again: () => Promise<void> }) {
	const { words, admin, router, say } = useDesk();
	const [asking, setAsking] = useState(false);
	const [problem, setProblem] = useState("");
	const name = integration.name || (integration.integrationId ?? "");
	const remove = async () => {
		try {
			await admin.removeIntegration(integration.integrationId ?? "");
		} catch (error) {
			setProblem(problemOf(words, error));
			setAsking(false);
			await again();
			return;
		}
		say(words.integrations.removed(name));
		router.replace(pathOf("integrations"));
	};
	return (
		<div class="ending">
			<button type="button" class="button danger" onClick={() => setAsking(true)}>
				{words.remove}
			</button>
			<Problem text={problem} />
			{asking ? (
				<Ask
					question={{
						title: words.integrations.removeTitle(name),
						text: words.integrations.removeText,
						yes: words.remove,
						no: words.cancel,
						danger: true,
					}}
					onYes={remove}
					onNo={() => setAsking(false)}
				/>
			) : null}
		</div>
	);
}
