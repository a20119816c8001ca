/** Making an API key. */

import { useState } from "preact/hooks";
import type { CreateApiKeyResponseJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { Dialog } from "../../look/dialog.js";
import { useDesk } from "../context.js";
import { CheckField, ChoiceField, Form, SelectField, TextField } from "../field.js";
import { Problem } from "../page.js";
import { problemOf } from "../problem.js";
import { endOf, lifetimes, type Preset, presetOf, presets, scopes } from "./scopes.js";

/** A dialog in which a key is described. */
export function CreateKey({
	onClose,
	onCreated,
}: {
	onClose: () => void;
	onCreated: (key: CreateApiKeyResponseJson) => void;
}) {
	const { admin, words, may, now } = useDesk();
	const [name, setName] = useState("");
	const [chosen, setChosen] = useState<readonly string[]>([]);
	const [own, setOwn] = useState(false);
	const [days, setDays] = useState("365");
	const [tried, setTried] = useState(false);
	const [problem, setProblem] = useState("");
	const [busy, setBusy] = useState(false);
	const named = name.trim().length > 0 && [...name.trim()].length <= 64;
	const create = async () => {
		setTried(true);
		setProblem("");
		if (!named || chosen.length === 0) return false;
		setBusy(true);
		try {
			const made = await admin.createApiKey({
				name: name.trim(),
				scopes: scopes.filter((scope) => chosen.includes(scope)),
				expiresAt: endOf(Number(days), now()),
			});
			onCreated({ ...made, apiKey: { name: name.trim(), ...made.apiKey } });
			return true;
		} catch (error) {
			setProblem(problemOf(words, error));
			setBusy(false);
			return false;
		}
	};
	return (
		<Dialog title={words.keys.createTitle} onClose={onClose}>
			<Form onSend={create} class="stack">
				<TextField
					label={words.keys.name}
					hint={words.keys.nameHint}
					error={tried && !named ? words.keys.wrongName : ""}
					value={name}
					onValue={setName}
					required
					disabled={busy}
				/>
				<ChoiceField
					label={words.keys.scopes}
					error={tried && chosen.length === 0 ? words.keys.scopesMissing : ""}
					value={own ? "own" : (presetOf(chosen) ?? "")}
					onValue={(value) => {
						setOwn(value === "own");
						if (value in presets) setChosen(presets[value as Preset]);
					}}
					options={[...(Object.keys(presets) as Preset[]), "own" as const].map((preset) => ({
						value: preset,
						text: words.keys.presets[preset],
						hint: words.keys.presetHints[preset],
						disabled: preset !== "own" && !presets[preset].every(may),
					}))}
					disabled={busy}
				/>
				<details class="more" open={own}>
					<summary>{words.keys.detail}</summary>
					<div class="stack tight">
						{scopes.map((scope) => (
							<CheckField
								key={scope}
								label={words.keys.scope[scope]}
								code={scope}
								hint={may(scope) ? words.keys.scopeHints[scope] : words.keys.notYours}
								checked={chosen.includes(scope)}
								disabled={busy || !may(scope)}
								onChecked={(is) => {
									setOwn(true);
									setChosen((before) => (is ? [...before, scope] : before.filter((one) => one !== scope)));
								}}
							/>
						))}
					</div>
				</details>
				<SelectField
					label={words.keys.expires}
					value={days}
					onValue={setDays}
					options={lifetimes.map(
						(n) => [String(n), n ? words.keys.expiresIn(n) : words.keys.expiresNever] as const,
					)}
					disabled={busy}
				/>
				<Problem text={problem} />
				<div class="dialog-buttons">
					<button type="button" class="button" onClick={onClose}>
						{words.cancel}
					</button>
					<button type="submit" class="button primary" disabled={busy}>
						{words.keys.create}
					</button>
				</div>
			</Form>
		</Dialog>
	);
}
