/** What has to be entered at the provider for its webhooks to come here. */

import type { IntegrationJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { CopyField } from "../../look/copy.js";
import { ago } from "../../look/words.js";
import { useDesk } from "../context.js";
import { Status } from "../page.js";
import { webhookFields } from "./draft.js";

/** The address of the webhooks, the token that verifies it, and the fields. */
export function Webhook({ integration, verifyToken }: { integration: IntegrationJson; verifyToken: string }) {
	const { words } = useDesk();
	const channel = integration.channel ?? "";
	// A server that was not told its address is likely to be reached as this page is.
	const guessed = `${location.origin}/webhooks/${channel}/${integration.appId}`;
	return (
		<div class="stack">
			<p class="prose">{words.integrations.webhookIntro[channel]}</p>
			<CopyField
				label={words.integrations.webhookUrl}
				text={integration.webhookUrl || guessed}
				words={words.copy}
				hint={integration.webhookUrl ? "" : words.integrations.guessedUrl}
			/>
			{verifyToken ? (
				<CopyField
					label={words.integrations.verifyToken}
					text={verifyToken}
					words={words.copy}
					hint={words.told}
				/>
			) : (
				<div class="field">
					<strong>{words.integrations.verifyToken}</strong>
					<p class="hint">{words.integrations.verifyKept}</p>
				</div>
			)}
			<div class="field">
				<strong>{words.integrations.fields}</strong>
				<ul class="chips">
					{webhookFields(channel, integration.pageId ?? "").map((field) => (
						<li key={field} class="code">
							{field}
						</li>
					))}
				</ul>
			</div>
		</div>
	);
}

/** Whether a webhook has come. */
export function Arrival({ integration }: { integration: IntegrationJson }) {
	const { words, language, now } = useDesk();
	const at = integration.lastWebhookAt;
	return (
		<div role="status">
			{at ? (
				<Status kind="good">{words.integrations.arrived(ago(language, new Date(at), now()))}</Status>
			) : (
				<Status kind="none">{words.integrations.waiting}</Status>
			)}
		</div>
	);
}
