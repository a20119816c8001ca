/** Coming in by name and password: at first, and after the session has ended. */

import { useEffect, useRef, useState } from "preact/hooks";
import { CallError } from "../api/call.js";
import { useWords } from "./words.js";
import { useWorkspace } from "./workspace.js";

/** The form. Where somebody comes back, the page below it is as they left it. */
export function LogIn({ back }: { back: boolean }) {
	const { session } = useWorkspace();
	const words = useWords();
	const [wrong, setWrong] = useState("");
	const [busy, setBusy] = useState(false);
	const name = useRef<HTMLInputElement>(null);
	useEffect(() => name.current?.focus(), []);
	// Who logs in by a link in another tab comes back to this one.
	useEffect(() => {
		const look = () => document.visibilityState === "visible" && void session.open();
		document.addEventListener("visibilitychange", look);
		return () => document.removeEventListener("visibilitychange", look);
	}, []);
	const come = async (form: HTMLFormElement) => {
		const fields = new FormData(form);
		setBusy(true);
		setWrong("");
		try {
			await session.logIn(String(fields.get("login")), String(fields.get("password")));
		} catch (error) {
			const reason = error instanceof CallError ? error.reason : "";
			setWrong(
				{ REASON_WRONG_LOGIN: words.wrongLogin, REASON_RATE_LIMITED: words.tooOften }[reason] ??
					words.noConnection,
			);
		}
		setBusy(false);
	};
	return (
		<main class="login">
			<form
				class="login-card form"
				onSubmit={(event) => {
					event.preventDefault();
					if (!busy) void come(event.currentTarget);
				}}
			>
				<h1>{back ? words.ended : words.logInTitle}</h1>
				{back && <p class="soft">{words.endedText}</p>}
				<div class="field">
					<label for="login">{words.login}</label>
					<input
						ref={name}
						class="input"
						id="login"
						name="login"
						autocomplete="username"
						autocapitalize="none"
						spellcheck={false}
						required
					/>
				</div>
				<div class="field">
					<label for="password">{words.passwordField}</label>
					<input
						class="input"
						id="password"
						name="password"
						type="password"
						autocomplete="current-password"
						required
					/>
				</div>
				<p role="alert" class="error">
					{wrong}
				</p>
				<button type="submit" class="button primary" aria-disabled={busy}>
					{words.logIn}
				</button>
			</form>
		</main>
	);
}
