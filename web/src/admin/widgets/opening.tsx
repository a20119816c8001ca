/** When somebody is there, and what is said when nobody is. */

import { Glyph } from "../../look/glyph.js";
import { useDesk } from "../context.js";
import { CheckField, SelectField, TextField } from "../field.js";
import { Card } from "../page.js";
import { type Editing, languageName, wrongText } from "./editing.js";
import { dayName, type Hours, nextSpan, type Span, type Weekday, weekdays } from "./hours.js";

/** Opening hours by day, and the text outside them. */
export function OpeningCard({ draft, change, wrongs, disabled }: Editing) {
	const { words, language } = useDesk();
	const { hours } = draft;
	const set = (part: Partial<Hours>) => change({ hours: { ...hours, ...part } });
	const none = wrongText(words, wrongs, "hours", "");
	return (
		<Card title={words.widgets.hours}>
			<CheckField
				label={words.widgets.always}
				checked={hours.always}
				onChecked={(always) => set({ always })}
				disabled={disabled}
				error={none}
			/>
			{hours.always ? null : (
				<div class="stack">
					<SelectField
						label={words.widgets.timeZone}
						value={hours.timeZone}
						onValue={(timeZone) => set({ timeZone })}
						options={zones(hours.timeZone).map((zone) => [zone, zone.replaceAll("_", " ")] as const)}
						disabled={disabled}
					/>
					<div class="days">
						{weekdays.map((day) => (
							<Day
								key={day}
								day={day}
								spans={hours.days[day]}
								error={wrongText(words, wrongs, "hours", day)}
								disabled={disabled}
								onSpans={(spans) => set({ days: { ...hours.days, [day]: spans } })}
							/>
						))}
					</div>
					{draft.languages.map((tag) => (
						<TextField
							key={tag}
							label={words.widgets.away(languageName(language, tag))}
							hint={words.widgets.awayHint}
							error={wrongText(words, wrongs, "away", tag)}
							value={draft.away[tag] ?? ""}
							onValue={(text) => change({ away: { ...draft.away, [tag]: text } })}
							lang={tag}
							rows={2}
							disabled={disabled}
						/>
					))}
				</div>
			)}
		</Card>
	);
}

function Day({
	day,
	spans,
	error,
	disabled,
	onSpans,
}: {
	day: Weekday;
	spans: Span[];
	error: string;
	disabled: boolean;
	onSpans: (spans: Span[]) => void;
}) {
	const { words, language } = useDesk();
	const name = dayName(language, day);
	const put = (at: number, part: Partial<Span>) =>
		onSpans(spans.map((span, other) => (other === at ? { ...span, ...part } : span)));
	const time = (at: number, end: "from" | "to") => (
		<input
			type="time"
			class="input"
			aria-label={end === "from" ? words.widgets.from(name) : words.widgets.to(name)}
			value={spans[at]?.[end] ?? ""}
			disabled={disabled}
			aria-invalid={Boolean(error) || undefined}
			aria-describedby={error ? `${day}-error` : undefined}
			onInput={(event) => put(at, { [end]: event.currentTarget.value })}
		/>
	);
	return (
		<fieldset class="day">
			<legend class="hidden">{name}</legend>
			<span class="day-name" aria-hidden="true">
				{name}
			</span>
			<div class="spans">
				{spans.length ? null : <span class="soft">{words.widgets.closed}</span>}
				{spans.map((_, at) => (
					<span key={at} class="span">
						{time(at, "from")}
						<span class="soft">{words.widgets.until}</span>
						{time(at, "to")}
						{disabled ? null : (
							<button
								type="button"
								class="button plain icon"
								aria-label={words.widgets.removeTime(name)}
								title={words.widgets.removeTime(name)}
								onClick={() => onSpans(spans.filter((_, other) => other !== at))}
							>
								<Glyph name="close" />
							</button>
						)}
					</span>
				))}
				{error ? (
					<p class="hint error" id={`${day}-error`}>
						{error}
					</p>
				) : null}
			</div>
			{disabled ? null : (
				<button
					type="button"
					class="button plain icon"
					aria-label={words.widgets.addTime(name)}
					title={words.widgets.addTime(name)}
					onClick={() => onSpans([...spans, nextSpan(spans)])}
				>
					<Glyph name="plus" />
				</button>
			)}
		</fieldset>
	);
}

/** The time zones that the browser knows, with one more. */
function zones(more: string): string[] {
	return [...new Set([...Intl.supportedValuesOf("timeZone"), "UTC", more])].filter((zone) => zone).sort();
}
