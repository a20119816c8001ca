/** Where the agent is logged in, and their password. */

import { useEffect, useState } from "preact/hooks";
import { CallError, clientToken } from "../api/call.js";
import type {
	ChangePasswordRequestJson,
	EndSessionRequestJson,
	ListSessionsResponseJson,
	SessionJson,
} from "../gen/weiche/workspace/v1/access_pb.js";
import { Dialog } from "../look/dialog.js";
import { useLanguage, useWords } from "./said.js";
import { useWorkspace } from "./workspace.js";

const accessService = "weiche.workspace.v1.AccessService";

/** The agent's sessions, each of which but this one can be ended. */
export function Sessions({ onClose }: { onClose(): void }) {
	const workspace = useWorkspace();
	const words = useWords();
	const language = useLanguage();
	const [sessions, setSessions] = useState<SessionJson[]>();
	const [failed, setFailed] = useState(false);
	const when = (at = "") =>
		new Date(at).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
	const read = async () => {
		try {
			const said = await workspace.call<object, ListSessionsResponseJson>(
				`${accessService}/ListSessions`,
				{},
			);
			setSessions(said.sessions ?? []);
			setFailed(false);
		} catch {
			setFailed(true);
		}
	};
	const end = async (sessionId: string) => {
		try {
			const request = { sessionId, clientToken: clientToken() };
			await workspace.call<EndSessionRequestJson, object>(`${accessService}/EndSession`, request);
		} catch {
			setFailed(true);
			return;
		}
		await read();
	};
	useEffect(() => void read(), []);
	return (
		<Dialog title={words.sessions} onClose={onClose}>
			<ul class="sessions" aria-busy={!sessions && !failed}>
				{sessions?.map(({ sessionId = "", openedAt, expiresAt, current }) => (
					<li key={sessionId}>
						<span class="grow">
							<strong>{words.sessionSince(when(openedAt))}</strong>
							<span class="soft">{words.sessionUntil(when(expiresAt))}</span>
						</span>
						{current ? (
							<span class="tag">{words.thisDevice}</span>
						) : (
							<button type="button" class="button" onClick={() => void end(sessionId)}>
								{words.endSession}
							</button>
						)}
					</li>
				))}
			</ul>
			<p role="alert" class="error">
				{failed && words.noConnection}
			</p>
			<div class="dialog-buttons">
				<button type="button" class="button" onClick={onClose}>
					{words.close}
				</button>
			</div>
		</Dialog>
	);
}

/** Another password. */
export function Password({ onClose }: { onClose(): void }) {
	const workspace = useWorkspace();
	const words = useWords();
	const [wrong, setWrong] = useState("");
	const [busy, setBusy] = useState(false);
	const save = async (form: HTMLFormElement) => {
		const fields = new FormData(form);
		const newPassword = String(fields.get("new"));
		const length = [...newPassword].length;
		if (length < 12 || length > 128) return setWrong(words.badPassword);
		setBusy(true);
		setWrong("");
		try {
			const request = { oldPassword: String(fields.get("old")), newPassword };
			await workspace.call<ChangePasswordRequestJson, object>(`${accessService}/ChangePassword`, request);
			onClose();
			workspace.toasts.show({ text: words.saved });
		} catch (error) {
			setBusy(false);
			setWrong(refusal(error));
		}
	};
	const refusal = (error: unknown) => {
		const reason = error instanceof CallError ? error.reason : "";
		return (
			{
				REASON_WRONG_LOGIN: words.wrongPassword,
				REASON_INVALID: words.badPassword,
				REASON_RATE_LIMITED: words.tooOften,
			}[reason] ?? words.notSaved
		);
	};
	return (
		<Dialog title={words.password} onClose={onClose}>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					if (!busy) void save(event.currentTarget);
				}}
			>
				<div class="field">
					<label for="old-password">{words.oldPassword}</label>
					<input
						class="input"
						id="old-password"
						name="old"
						type="password"
						autocomplete="current-password"
						aria-describedby="old-hint"
					/>
					<p class="hint" id="old-hint">
						{words.oldPasswordHint}
					</p>
				</div>
				<div class="field">
					<label for="new-password">{words.newPassword}</label>
					<input
						class="input"
						id="new-password"
						name="new"
						type="password"
						autocomplete="new-password"
						aria-describedby="new-hint"
						required
					/>
					<p class="hint" id="new-hint">
						{words.passwordHint}
					</p>
				</div>
				<p role="alert" class="error">
					{wrong}
				</p>
				<div class="dialog-buttons">
					<button type="button" class="button" onClick={onClose}>
						{words.cancel}
					</button>
					<button type="submit" class="button primary" aria-disabled={busy}>
						{words.save}
					</button>
				</div>
			</form>
		</Dialog>
	);
}
