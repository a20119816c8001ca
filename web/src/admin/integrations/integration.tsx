/** One connected channel. */

import { useState } from "preact/hooks";
import type { IntegrationJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { Glyph } from "../../look/glyph.js";
import { channelName } from "../../look/words.js";
import { useDesk, useLoaded } from "../context.js";
import { Await, Card, Nothing, Page, Problem } from "../page.js";
import { problemOf } from "../problem.js";
import { Remove } from "../remove.js";
import { pathOf } from "../route.js";
import { AppCard } from "./app.js";
import { DetailsCard } from "./details.js";
import { isChannel } from "./draft.js";
import { Health, LastWebhook } from "./health.js";
import { lookAgain } from "./list.js";

/** Takes over what is known of the channel without reading it again. */
export type Put = (change: (now: IntegrationJson) => IntegrationJson) => void;

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
					integration ? (
						<Cards
							integration={integration}
							put={(change) => loaded.put((now) => now && change(now))}
							again={async () => (await loaded.again()) ?? undefined}
						/>
					) : null
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
	put: Put;
	/** Reads it again. */
	again: () => Promise<IntegrationJson | undefined>;
}) {
	const { may } = useDesk();
	const [verifyToken, setVerifyToken] = useState("");
	const connectable = isChannel(integration.channel ?? "");
	return (
		<>
			<HealthCard integration={integration} put={put} />
			{connectable ? <DetailsCard integration={integration} put={put} again={again} /> : null}
			{connectable ? (
				<AppCard
					integration={integration}
					verifyToken={verifyToken}
					onVerifyToken={setVerifyToken}
					put={put}
					again={again}
				/>
			) : null}
			{may("setup:write") ? <RemoveIntegration integration={integration} again={again} /> : null}
		</>
	);
}

function HealthCard({ integration, put }: { integration: IntegrationJson; put: Put }) {
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
			const { healthy, error, unhealthySince } = await admin.checkIntegration(
				integration.integrationId ?? "",
			);
			put((now) => ({ ...now, healthy, error, unhealthySince }));
			if (healthy) setSaid(words.integrations.checkedOk);
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

function RemoveIntegration({
	integration,
	again,
}: {
	integration: IntegrationJson;
	again: () => Promise<unknown>;
}) {
	const { words, admin, router, say } = useDesk();
	const name = integration.name || (integration.integrationId ?? "");
	return (
		<Remove
			title={words.integrations.removeTitle(name)}
			text={words.integrations.removeText}
			remove={() => admin.removeIntegration(integration.integrationId ?? "")}
			onRemoved={() => {
				say(words.integrations.removed(name));
				router.replace(pathOf("integrations"));
			}}
			onFailed={again}
		/>
	);
}
