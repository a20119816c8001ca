/** How a connected channel stands, in words. */

import type { IntegrationJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { ago } from "../../look/words.js";
import { useDesk } from "../context.js";
import { Status, When } from "../page.js";
import { providerProblem } from "../problem.js";

/** Whether the provider serves a channel; if not, its code, why, and since when. */
export function Health({ integration }: { integration: IntegrationJson }) {
	const { words, language, now } = useDesk();
	if (integration.healthy) return <Status kind="good">{words.integrations.ready}</Status>;
	const { code, reason } = integration.error ?? {};
	const since = integration.unhealthySince;
	return (
		<div class="health">
			<Status kind="bad">{words.integrations.error(code ?? "")}</Status>
			<p>
				{providerProblem(words, reason ?? "")}
				{since ? (
					<>
						{" "}
						<span class="soft">
							(<When at={since}>{words.integrations.since(ago(language, new Date(since), now()))}</When>)
						</span>
					</>
				) : null}
			</p>
		</div>
	);
}

/** When the provider last posted something. */
export function LastWebhook({ integration }: { integration: IntegrationJson }) {
	const { words, language, now } = useDesk();
	const at = integration.lastWebhookAt;
	return (
		<span class="soft">
			{at ? (
				<When at={at}>{words.integrations.webhook(ago(language, new Date(at), now()))}</When>
			) : (
				words.integrations.noWebhook
			)}
		</span>
	);
}
