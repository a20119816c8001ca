/** Connecting a channel, step by step. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { ConnectIntegrationResponseJson, IntegrationJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { Glyph } from "../../look/glyph.js";
import { channelName } from "../../look/words.js";
import { useDesk, useLoaded } from "../context.js";
import { isContested, versionOf } from "../edited.js";
import { ChoiceField, Form } from "../field.js";
import { Await, Card, Go, Page, Problem } from "../page.js";
import { faultyField, problemOf } from "../problem.js";
import { pathOf } from "../route.js";
import { type Draft, emptyDraft, freeId, requestOf, type Wrongs, wrongAccount, wrongApp } from "./draft.js";
import { AccountFields, AppFields } from "./fields.js";
import { Arrival, Webhook } from "./webhook.js";

/** How often it is looked whether the first webhook has come, in milliseconds. */
const watchWebhook = 3000;

/** The page on which a channel is connected. */
export function Connect({ channel }: { channel: string }) {
	const { admin, words } = useDesk();
	const loaded = useLoaded(() => admin.integrations());
	return (
		<Page
			title={words.integrations.connect(
				words.integrations.things[channel] ?? channelName(channel, words.web),
			)}
			back={{ to: pathOf("integrations"), name: words.sections.integrations }}
		>
			<Await of={loaded}>{(all) => <Steps channel={channel} all={all} />}</Await>
		</Page>
	);
}

/** What was connected. */
interface Done {
	integration: IntegrationJson;
	verifyToken: string;
}

function Steps({ channel, all }: { channel: string; all: IntegrationJson[] }) {
	const { words, router, me, admin, say } = useDesk();
	const apps = [
		...new Set(all.filter((one) => one.channel === channel && one.appId).map((one) => one.appId ?? "")),
	];
	const [draft, setDraft] = useState<Draft>(() => emptyDraft(apps[0] ?? ""));
	const [step, setStep] = useState(1);
	const [done, setDone] = useState<Done>();
	const touched = useRef(false);
	useEffect(() => () => router.hold(false), []);
	const change = (part: Partial<Draft>) => {
		touched.current = true;
		router.hold(true);
		setDraft((before) => ({ ...before, ...part }));
	};
	const integrations = all.map((one) => one.integrationId ?? "");
	/** The call that connects under ids that nothing has, as far as is known. */
	const request = (gone: readonly string[] = []) =>
		requestOf(
			channel,
			draft,
			{
				integration: freeId(channel, [...integrations, ...gone]),
				app: draft.appId || freeId(`${me.accountId}-${channel}`, [...apps, ...gone]),
			},
			versionOf(undefined),
		);
	/** Connects. Nobody has chosen the ids: whoever was faster keeps them, and this one takes the next. */
	const connectUnder = async (gone: readonly string[] = []): Promise<ConnectIntegrationResponseJson> => {
		const wanted = request(gone);
		try {
			return await admin.connect(wanted);
		} catch (error) {
			if (!isContested(error)) throw error;
			return connectUnder([...gone, wanted.integration?.id ?? "", wanted.app?.id ?? ""]);
		}
	};
	const connect = async () => {
		const answer = await connectUnder();
		router.hold(false);
		setDone({ integration: answer.integration ?? {}, verifyToken: answer.verifyToken ?? "" });
		setStep(3);
		say(words.integrations.connected(draft.name));
	};
	const titles = [
		words.integrations.stepApp,
		words.integrations.stepAccount[channel] ?? "",
		words.integrations.stepWebhook,
	];
	return (
		<>
			<ol class="steps" aria-label={words.integrations.steps}>
				{titles.map((title, at) => (
					<li
						key={title}
						aria-current={at + 1 === step ? "step" : undefined}
						class={at + 1 < step ? "past" : ""}
					>
						<span class="step-sign" aria-hidden="true">
							{at + 1 < step ? <Glyph name="check" /> : at + 1}
						</span>
						{title}
					</li>
				))}
			</ol>
			{step === 1 ? (
				<AppStep channel={channel} apps={apps} draft={draft} change={change} onNext={() => setStep(2)} />
			) : null}
			{step === 2 ? (
				<AccountStep
					channel={channel}
					draft={draft}
					change={change}
					onBack={() => setStep(1)}
					check={() => admin.connect({ ...request(), checkOnly: true })}
					connect={connect}
				/>
			) : null}
			{step === 3 && done ? <WebhookStep done={done} /> : null}
		</>
	);
}

function AppStep({
	channel,
	apps,
	draft,
	change,
	onNext,
}: {
	channel: string;
	apps: string[];
	draft: Draft;
	change: (part: Partial<Draft>) => void;
	onNext: () => void;
}) {
	const { words } = useDesk();
	const [wrongs, setWrongs] = useState<Wrongs>({});
	const next = () => {
		const found = wrongApp(draft);
		setWrongs(found);
		const right = Object.keys(found).length === 0;
		if (right) onNext();
		return right;
	};
	return (
		<Card title={words.integrations.stepApp}>
			<Form onSend={next} class="stack">
				{apps.length ? (
					<ChoiceField
						label={words.integrations.whichApp}
						value={draft.appId}
						onValue={(appId) => change({ appId, providerAppId: "", appSecret: "" })}
						options={[
							...apps.map((app) => ({ value: app, text: words.integrations.sameApp(app) })),
							{ value: "", text: words.integrations.otherApp },
						]}
					/>
				) : null}
				{draft.appId ? null : (
					<>
						<p class="prose">{words.integrations.appIntro[channel]}</p>
						<AppFields channel={channel} draft={draft} change={change} wrongs={wrongs} />
					</>
				)}
				<div class="form-end">
					<button type="submit" class="button primary">
						{words.integrations.next}
					</button>
				</div>
			</Form>
		</Card>
	);
}

function AccountStep({
	channel,
	draft,
	change,
	onBack,
	check,
	connect,
}: {
	channel: string;
	draft: Draft;
	change: (part: Partial<Draft>) => void;
	onBack: () => void;
	check: () => Promise<unknown>;
	connect: () => Promise<void>;
}) {
	const { words } = useDesk();
	const [wrongs, setWrongs] = useState<Wrongs>({});
	const [said, setSaid] = useState<{ field: string; text: string }>();
	const [state, setState] = useState<"open" | "checking" | "accepted" | "connecting">("open");
	const title = words.integrations.stepAccount[channel] ?? "";
	const type = (part: Partial<Draft>) => {
		change(part);
		setSaid(undefined);
		setState("open");
	};
	const run = async (busy: "checking" | "connecting", what: () => Promise<unknown>) => {
		setSaid(undefined);
		setState(busy);
		try {
			await what();
			if (busy === "checking") setState("accepted");
			return true;
		} catch (error) {
			setState("open");
			setSaid({ field: faultyField(error), text: problemOf(words, error) });
			return false;
		}
	};
	const send = () => {
		const found = wrongAccount(channel, draft, false);
		setWrongs(found);
		if (Object.keys(found).length > 0) return false;
		return state === "accepted" ? run("connecting", connect) : run("checking", check);
	};
	const busy = state === "checking" || state === "connecting";
	return (
		<Card title={title}>
			<Form onSend={send} class="stack">
				<p class="prose">{words.integrations.accountIntro[channel]}</p>
				<AccountFields
					channel={channel}
					draft={draft}
					change={type}
					wrongs={wrongs}
					said={said}
					disabled={busy}
				/>
				<Problem text={said && !said.field ? said.text : ""} />
				<div role="status" class="said">
					{state === "checking" ? words.integrations.checking : null}
					{state === "connecting" ? words.integrations.connecting : null}
					{state === "accepted" ? (
						<p class="good">
							<Glyph name="check" />
							{words.integrations.accepted}
						</p>
					) : null}
				</div>
				<div class="form-end">
					<button type="button" class="button" onClick={onBack} disabled={busy}>
						{words.integrations.previous}
					</button>
					<button type="submit" class="button primary" disabled={busy}>
						{state === "accepted" || state === "connecting"
							? words.integrations.connectNow(channelName(channel, words.web))
							: words.integrations.check}
					</button>
				</div>
			</Form>
		</Card>
	);
}

function WebhookStep({ done }: { done: Done }) {
	const { words, admin } = useDesk();
	const id = done.integration.integrationId ?? "";
	const loaded = useLoaded(
		async () => (await admin.integrations()).find((one) => one.integrationId === id),
		watchWebhook,
	);
	const integration = loaded.value ?? done.integration;
	return (
		<Card title={words.integrations.stepWebhook}>
			<Webhook integration={integration} verifyToken={done.verifyToken} />
			<Arrival integration={integration} />
			<div class="form-end">
				<Go to={pathOf("widgets")} class="button">
					{words.integrations.toWidgets}
				</Go>
				<Go to={pathOf("integrations", id)} class="button primary">
					{words.integrations.done}
				</Go>
			</div>
		</Card>
	);
}
