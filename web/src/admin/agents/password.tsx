/** A password that is set for an agent. */

import { useState } from "preact/hooks";
import { Dialog } from "../../look/dialog.js";
import { useDesk } from "../context.js";
import { Form, TextField } from "../field.js";
import { Problem } from "../page.js";
import { problemOf } from "../problem.js";
import { isPassword } from "./draft.js";

/** Asks for the password, and sets it. */
export function SetPassword({
	id,
	name,
	onClose,
	onSet,
}: {
	id: string;
	name: string;
	onClose: () => void;
	onSet: () => Promise<unknown>;
}) {
	const { admin, words, say } = useDesk();
	const [password, setPassword] = useState("");
	const [wrong, setWrong] = useState(false);
	const [problem, setProblem] = useState("");
	const [busy, setBusy] = useState(false);
	const set = async () => {
		setWrong(!isPassword(password));
		setProblem("");
		if (!isPassword(password)) return false;
		setBusy(true);
		try {
			await admin.setPassword(id, password);
		} catch (error) {
			setProblem(problemOf(words, error));
			setBusy(false);
			return false;
		}
		say(words.agents.passwordSet(name));
		onClose();
		await onSet();
		return true;
	};
	return (
		<Dialog title={words.agents.passwordTitle(name)} onClose={onClose}>
			<Form onSend={set} class="stack">
				<p class="dialog-text">{words.agents.passwordText}</p>
				<TextField
					label={words.agents.newPassword}
					hint={words.agents.passwordHint}
					error={wrong ? words.agents.wrong.password : ""}
					secret
					value={password}
					onValue={setPassword}
					required
					disabled={busy}
				/>
				<Problem text={problem} />
				<div class="dialog-buttons">
					<button type="button" class="button" onClick={onClose}>
						{words.cancel}
					</button>
					<button type="submit" class="button primary" disabled={busy}>
						{words.agents.setPassword}
					</button>
				</div>
			</Form>
		</Dialog>
	);
}
