/** What is known of a connected account, and can be changed. */

import { useLayoutEffect, useState } from "preact/hooks";
import type { IntegrationJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { Contest } from "../contest.js";
import { useDesk } from "../context.js";
import { type Edited, useEdited, versionOf } from "../edited.js";
import { Form } from "../field.js";
import { Card, Problem } from "../page.js";
import { faultyField, problemOf } from "../problem.js";
import { type Draft, draftOf, requestOf, same, type Wrongs, wrongAccount } from "./draft.js";
import { AccountFields } from "./fields.js";
import type { Put } from "./integration.js";
import { partsOf } from "./parts.js";

/** The account's fields, whose change is checked with the provider before it is saved. */
export function DetailsCard({
	integration,
	put,
	again,
}: {
	integration: IntegrationJson;
	put: Put;
	again: () => Promise<IntegrationJson | undefined>;
}) {
	const { words, admin, router, may, say } = useDesk();
	const channel = integration.channel ?? "";
	const edited = useEdited<IntegrationJson, Draft>(integration, again, draftOfListed, same);
	const { draft, before, changed } = edited;
	const [wrongs, setWrongs] = useState<Wrongs>({});
	const [said, setSaid] = useState<{ field: string; text: string }>();
	const [busy, setBusy] = useState(false);
	useLayoutEffect(() => {
		router.hold(changed);
		return () => router.hold(false);
	}, [changed]);
	const save = async (now: Edited<IntegrationJson, Draft> = edited) => {
		const found = wrongAccount(channel, now.draft, true);
		setWrongs(found);
		setSaid(undefined);
		if (Object.keys(found).length > 0) return false;
		setBusy(true);
		try {
			const ids = { integration: integration.integrationId ?? "", app: integration.appId ?? "" };
			const answer = await admin.connect(requestOf(channel, now.draft, ids, versionOf(now.seen)));
			const saved = answer.integration ?? {};
			put(() => saved);
			edited.begin(saved);
			say(words.integrations.changed);
			return true;
		} catch (error) {
			if (await edited.contested(error, now)) return true;
			setSaid({ field: faultyField(error), text: problemOf(words, error) });
			return false;
		} finally {
			setBusy(false);
		}
	};
	const disabled = busy || !may("setup:write");
	return (
		<Card title={words.integrations.details}>
			<Form onSend={() => save()} class="stack">
				<AccountFields
					channel={channel}
					draft={draft}
					change={edited.change}
					wrongs={wrongs}
					said={said}
					disabled={disabled}
					connected
				/>
				<Problem text={said && !said.field ? said.text : ""} />
				{edited.rival === undefined || busy ? (
					<div class="form-end">
						<span role="status" class="said">
							{busy ? words.integrations.checking : null}
						</span>
						<button type="submit" class="button primary" disabled={disabled}>
							{words.save}
						</button>
					</div>
				) : (
					<Contest
						rival={edited.rival}
						at={integration.changedAt ?? ""}
						parts={partsOf(words, channel, before, draftOf(integration))}
						onTheirs={() => edited.begin(integration)}
						onMine={() => void save(edited.keep())}
					/>
				)}
			</Form>
		</Card>
	);
}

/** An integration is there before it is changed. */
const draftOfListed = (listed: IntegrationJson | undefined) => draftOf(listed ?? {});
