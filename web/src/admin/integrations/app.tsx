/** The webhook of a connected account, and the app that it comes through. */

import { useState } from "preact/hooks";
import type { IntegrationJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { useDesk } from "../context.js";
import { Form } from "../field.js";
import { Card, Problem } from "../page.js";
import { problemOf } from "../problem.js";
import { type Draft, draftOf, emptyDraft, requestOf, type Wrongs, wrongApp } from "./draft.js";
import { AppFields } from "./fields.js";
import type { Put } from "./integration.js";
import { Webhook } from "./webhook.js";

/** What to enter at the provider, and the app's secret, which can be changed. */
export function AppCard({
	integration,
	verifyToken,
	onVerifyToken,
	put,
	again,
}: {
	integration: IntegrationJson;
	verifyToken: string;
	onVerifyToken: (token: string) => void;
	put: Put;
	again: () => Promise<IntegrationJson | undefined>;
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
			// The account goes with its app as it is now, whatever is typed above.
			const listed = (await again()) ?? integration;
			const now = { ...draftOf(listed), providerAppId: draft.providerAppId, appSecret: draft.appSecret };
			const ids = { integration: listed.integrationId ?? "", app: listed.appId ?? "" };
			const answer = await admin.connect(requestOf(channel, now, ids, listed.version));
			put(() => answer.integration ?? {});
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
