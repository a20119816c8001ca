/** How customers switch channels, and when a conversation is a new one. */

import { useDesk } from "../context.js";
import { CheckField, ChoiceField, SelectField, TextField } from "../field.js";
import { Card } from "../page.js";
import type { AdminWords } from "../words.js";
import type { Draft } from "./draft.js";
import { type Editing, wrongText } from "./editing.js";

const confirmations = [
	"CONFIRMATION_PROMPT",
	"CONFIRMATION_USER_ACTIVITY",
	"CONFIRMATION_IMMEDIATE",
	"CONFIRMATION_BOTH",
] as const satisfies readonly Draft["confirmation"][];

const day = 86_400;
/** After how many seconds a new conversation can start; more can be set up elsewhere. */
const usual = [day, 7 * day, 30 * day, 90 * day, 365 * day];

/** Confirmation, codes, and the beginning of new conversations. */
export function SwitchingCard({ draft, change, wrongs, disabled }: Editing) {
	const { words } = useDesk();
	const known = usual.map(String);
	const waits = draft.newAfter && !known.includes(draft.newAfter) ? [draft.newAfter, ...known] : known;
	return (
		<Card title={words.widgets.switching}>
			<ChoiceField
				label={words.widgets.confirmation}
				value={draft.confirmation}
				onValue={(confirmation) => change({ confirmation: confirmation as Draft["confirmation"] })}
				options={confirmations.map((value) => ({
					value,
					text: words.widgets.confirmations[value] ?? value,
					hint: words.widgets.confirmationHints[value],
				}))}
				disabled={disabled}
			/>
			<TextField
				label={words.widgets.codeLifetime}
				hint={words.widgets.codeLifetimeHint}
				error={wrongText(words, wrongs, "codeLifetime")}
				value={draft.codeLifetime}
				onValue={(codeLifetime) => change({ codeLifetime })}
				numeric
				disabled={disabled}
			/>
			<SelectField
				label={words.widgets.newAfter}
				value={draft.newAfter}
				onValue={(newAfter) => change({ newAfter })}
				options={[
					["", words.widgets.newAfterNever],
					...waits.map((wait) => [wait, lengthOf(words, Number(wait))] as const),
				]}
				disabled={disabled}
			/>
			<CheckField
				label={words.widgets.silent}
				checked={draft.silentDisconnect}
				onChecked={(silentDisconnect) => change({ silentDisconnect })}
				disabled={disabled}
			/>
		</Card>
	);
}

function lengthOf(words: AdminWords, seconds: number): string {
	return seconds % day
		? words.widgets.hoursLong(Math.round(seconds / 3600))
		: words.widgets.days(seconds / day);
}
