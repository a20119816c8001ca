/** Fields of forms: each has its name, what it is for, and what is wrong with it. */

import type { ComponentChildren, TargetedEvent } from "preact";
import { useId } from "preact/hooks";

/** What every field says. */
export interface FieldTexts {
	label: string;
	hint?: string;
	/** What is wrong; empty where nothing is. */
	error?: string;
}

/** The ids of the texts that describe a field, for those who hear it. */
function described(id: string, { hint, error }: FieldTexts): string | undefined {
	return [error ? `${id}-error` : "", hint ? `${id}-hint` : ""].filter((one) => one).join(" ") || undefined;
}

function Below({ id, hint, error }: { id: string } & Omit<FieldTexts, "label">) {
	return (
		<>
			{error ? (
				<p class="hint error" id={`${id}-error`}>
					{error}
				</p>
			) : null}
			{hint ? (
				<p class="hint" id={`${id}-hint`}>
					{hint}
				</p>
			) : null}
		</>
	);
}

/** A line of text, or several. */
export function TextField({
	value,
	onValue,
	rows,
	disabled,
	...rest
}: FieldTexts & {
	value: string;
	onValue: (value: string) => void;
	/** The lines of one that may be long. */
	rows?: number;
	disabled?: boolean;
	required?: boolean;
	/** What is typed is not shown. */
	secret?: boolean;
	/** Digits are typed. */
	numeric?: boolean;
	maxLength?: number;
	autoComplete?: string;
	placeholder?: string;
	code?: boolean;
	lang?: string;
}) {
	const id = useId();
	const { label, hint, error, code, secret, numeric, required, maxLength, autoComplete, placeholder, lang } =
		rest;
	const shared = {
		id,
		class: code ? "input code" : "input",
		dir: code ? ("ltr" as const) : ("auto" as const),
		value,
		disabled,
		lang,
		maxLength,
		placeholder,
		"aria-required": required || undefined,
		"aria-invalid": Boolean(error) || undefined,
		"aria-describedby": described(id, rest),
	};
	return (
		<div class="field">
			<label for={id}>{label}</label>
			{rows ? (
				<textarea {...shared} rows={rows} onInput={(event) => onValue(event.currentTarget.value)} />
			) : (
				<input
					{...shared}
					{...(secret ? ({ type: "password" } as const) : ({ type: "text" } as const))}
					inputMode={numeric ? "numeric" : undefined}
					autoComplete={autoComplete ?? (secret ? "new-password" : "off")}
					spellcheck={code ? false : undefined}
					onInput={(event) => onValue(event.currentTarget.value)}
				/>
			)}
			<Below id={id} hint={hint} error={error} />
		</div>
	);
}

/** One of a list that is opened. */
export function SelectField({
	value,
	onValue,
	options,
	disabled,
	...rest
}: FieldTexts & {
	value: string;
	onValue: (value: string) => void;
	options: readonly (readonly [value: string, text: string])[];
	disabled?: boolean;
}) {
	const id = useId();
	return (
		<div class="field">
			<label for={id}>{rest.label}</label>
			<select
				id={id}
				class="input"
				value={value}
				disabled={disabled}
				aria-invalid={Boolean(rest.error) || undefined}
				aria-describedby={described(id, rest)}
				onChange={(event) => onValue(event.currentTarget.value)}
			>
				{options.map(([option, text]) => (
					<option key={option} value={option}>
						{text}
					</option>
				))}
			</select>
			<Below id={id} hint={rest.hint} error={rest.error} />
		</div>
	);
}

/** Something that is so or not; as a switch where it counts at once for people. */
export function CheckField({
	checked,
	onChecked,
	disabled,
	as,
	code,
	children,
	...rest
}: FieldTexts & {
	checked: boolean;
	onChecked: (checked: boolean) => void;
	disabled?: boolean;
	as?: "switch";
	/** What programs call it. */
	code?: string;
	/** More below it. */
	children?: ComponentChildren;
}) {
	const id = useId();
	return (
		<div class="check">
			<input
				type="checkbox"
				id={id}
				class={as}
				role={as}
				checked={checked}
				disabled={disabled}
				aria-describedby={described(id, rest)}
				onChange={(event) => onChecked(event.currentTarget.checked)}
			/>
			<div class="field">
				<label for={id} dir="auto">
					{rest.label}
					{code ? (
						<>
							{" "}
							<bdi class="code">{code}</bdi>
						</>
					) : null}
				</label>
				<Below id={id} hint={rest.hint} error={rest.error} />
				{children}
			</div>
		</div>
	);
}

/** One of few, all of them to be seen. */
export function ChoiceField({
	value,
	onValue,
	options,
	disabled,
	...rest
}: FieldTexts & {
	value: string;
	onValue: (value: string) => void;
	options: readonly { value: string; text: string; hint?: string; disabled?: boolean }[];
	disabled?: boolean;
}) {
	const id = useId();
	return (
		<fieldset class="field choices" aria-describedby={described(id, rest)} disabled={disabled}>
			<legend>{rest.label}</legend>
			<Below id={id} hint={rest.hint} error={rest.error} />
			{options.map((option) => (
				<label key={option.value} class="choice">
					<input
						type="radio"
						name={id}
						value={option.value}
						checked={option.value === value}
						disabled={option.disabled}
						data-fault={(rest.error && option === options[0]) || undefined}
						onChange={() => onValue(option.value)}
					/>
					<span>
						{option.text}
						{option.hint ? <span class="hint">{option.hint}</span> : null}
					</span>
				</label>
			))}
		</fieldset>
	);
}

/** A form that is sent by its button or by Enter. Where it is not sent for what is in it,
 * the first field at fault has the focus. */
export function Form({
	onSend,
	children,
	...rest
}: {
	/** Sends it; false where something in it is wrong. */
	onSend: () => boolean | Promise<boolean>;
	children: ComponentChildren;
	"aria-label"?: string;
	class?: string;
}) {
	const send = async (event: TargetedEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		if (await onSend()) return;
		requestAnimationFrame(() => toFault(form));
	};
	return (
		<form noValidate onSubmit={send} {...rest}>
			{children}
		</form>
	);
}

/** Gives the focus to the first field at fault. */
export function toFault(within: ParentNode): void {
	const fault = within.querySelector<HTMLElement>('[aria-invalid="true"], [data-fault]');
	fault?.focus();
	fault?.scrollIntoView({ block: "center" });
}
