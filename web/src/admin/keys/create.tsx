/** Making an API key. */

import { useState } from "preact/hooks";
import type { CreateApiKeyResponseJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { Dialog } from "../../look/dialog.js";
import { useDesk } from "../context.js";
import { CheckField, Form, SelectField, TextField } from "../field.js";
import { Problem } from "../page.js";
import { problemOf } from "../problem.js";
import { endOf, lifetimes, scopes } from "./scopes.js";

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
	const missing = tried && chosen.length === 0;
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
				<fieldset class="field" aria-describedby={missing ? "scopes-error" : undefined}>
					<legend>{words.keys.scopes}</legend>
					{missing ? (
						<p class="hint error" id="scopes-error">
							{words.keys.scopesMissing}
						</p>
					) : null}
					<div class="stack tight">
						{scopes.map((scope) => (
							<CheckField
								key={scope}
								label={scope}
								hint={
									may(scope) ? words.keys.scope[scope] : `${words.keys.scope[scope]}. ${words.keys.notYours}`
								}
								checked={chosen.includes(scope)}
								disabled={busy || !may(scope)}
								onChecked={(is) =>
									setChosen((before) => (is ? [...before, scope] : before.filter((one) => one !== scope)))
								}
							/>
						))}
					</div>
				</fieldset>
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
