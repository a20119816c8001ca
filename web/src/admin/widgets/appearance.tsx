/** How a widget looks, and what it says by itself. */

import { useId } from "preact/hooks";
import { useDesk } from "../context.js";
import { SelectField, TextField } from "../field.js";
import { Card } from "../page.js";
import type { Draft } from "./draft.js";
import { type Editing, languageName, wrongText } from "./editing.js";

const replyTimes = [
	"REPLY_TIME_UNSPECIFIED",
	"REPLY_TIME_MINUTES",
	"REPLY_TIME_HOURS",
	"REPLY_TIME_DAY",
] as const satisfies readonly Draft["replyTime"][];

/** The colour that a widget has which was given none. */
export const ownAccent = "#0b57d0";

/** Site, title, greeting, colour and reply time. */
export function AppearanceCard({ draft, change, wrongs, disabled }: Editing) {
	const { words, language } = useDesk();
	const wrong = (field: Parameters<typeof wrongText>[2], part?: string) =>
		wrongText(words, wrongs, field, part);
	return (
		<Card title={words.widgets.look}>
			<div class="stack">
				<TextField
					label={words.widgets.site}
					hint={words.widgets.siteHint}
					error={wrong("site")}
					value={draft.site}
					onValue={(site) => change({ site })}
					disabled={disabled}
					required
				/>
				<TextField
					label={words.widgets.headline}
					hint={words.widgets.headlineHint}
					error={wrong("title")}
					value={draft.title}
					onValue={(title) => change({ title })}
					placeholder={draft.site}
					disabled={disabled}
				/>
				{draft.languages.map((tag) => (
					<TextField
						key={tag}
						label={words.widgets.greeting(languageName(language, tag))}
						hint={words.widgets.greetingHint}
						error={wrong("greeting", tag)}
						value={draft.greeting[tag] ?? ""}
						onValue={(text) => change({ greeting: { ...draft.greeting, [tag]: text } })}
						lang={tag}
						rows={2}
						disabled={disabled}
					/>
				))}
				<AccentField draft={draft} change={change} error={wrong("accent")} disabled={disabled} />
				<SelectField
					label={words.widgets.replyTime}
					value={draft.replyTime}
					onValue={(replyTime) => change({ replyTime: replyTime as Draft["replyTime"] })}
					options={replyTimes.map((time) => [time, words.widgets.replyTimes[time] ?? time] as const)}
					disabled={disabled}
				/>
			</div>
		</Card>
	);
}

function AccentField({
	draft,
	change,
	error,
	disabled,
}: Pick<Editing, "draft" | "change" | "disabled"> & { error: string }) {
	const { words } = useDesk();
	const id = useId();
	const shown = /^#[0-9a-f]{6}$/i.test(draft.accent) ? draft.accent : ownAccent;
	return (
		<div class="field">
			<label for={id}>{words.widgets.accent}</label>
			<div class="accent">
				<input
					type="color"
					id={id}
					value={shown}
					disabled={disabled}
					aria-describedby={`${id}-hint`}
					onInput={(event) => change({ accent: event.currentTarget.value })}
				/>
				<input
					class="input code"
					dir="ltr"
					aria-label={words.widgets.accentCode}
					value={draft.accent}
					placeholder={ownAccent}
					disabled={disabled}
					spellcheck={false}
					aria-invalid={Boolean(error) || undefined}
					aria-describedby={error ? `${id}-error` : undefined}
					onInput={(event) => change({ accent: event.currentTarget.value.trim() })}
				/>
				{draft.accent && !disabled ? (
					<button type="button" class="button plain" onClick={() => change({ accent: "" })}>
						{words.widgets.accentOwn}
					</button>
				) : null}
			</div>
			{error ? (
				<p class="hint error" id={`${id}-error`}>
					{error}
				</p>
			) : null}
			<p class="hint" id={`${id}-hint`}>
				{words.widgets.accentHint}
			</p>
		</div>
	);
}
