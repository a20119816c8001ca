/** Logging in by a password, for every page that agents come to. */

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { CallError } from "../api/call.js";
import { Glyph } from "./glyph.js";
import type { Language, Words } from "./words.js";

const en = {
	title: "Log in to Weiche",
	ended: "Your session has ended. Log in to go on where you were.",
	login: "Login",
	password: "Password",
	button: "Log in",
	hint: "No password yet, or forgotten it? Ask an admin for a login link.",
	missing: "Enter your login and your password.",
	wrong: "Login or password is wrong.",
	tooMany: "Too many tries. Wait a minute, then try again.",
	offline: "The server cannot be reached. Try again in a moment.",
};

const de: typeof en = {
	title: "Bei Weiche anmelden",
	ended: "Ihre Sitzung ist beendet. Melden Sie sich an, um hier weiterzumachen.",
	login: "Anmeldename",
	password: "Passwort",
	button: "Anmelden",
	hint: "Noch kein Passwort, oder vergessen? Bitten Sie die Administration um einen Anmeldelink.",
	missing: "Geben Sie Anmeldename und Passwort ein.",
	wrong: "Anmeldename oder Passwort ist falsch.",
	tooMany: "Zu viele Versuche. Warten Sie eine Minute und versuchen Sie es erneut.",
	offline: "Der Server ist nicht erreichbar. Versuchen Sie es gleich erneut.",
};

const words: Words<typeof en> = { en, de };

/**
 * The form to log in. logIn opens the session and throws CallError; whoever draws the
 * form takes it away after that.
 */
export function LogIn({
	logIn,
	language,
	ended,
	page,
}: {
	logIn: (login: string, password: string) => Promise<void>;
	language: Language;
	/** There was a session: the page behind waits for its agent. */
	ended?: boolean;
	/** It is the whole page, and its heading the first. */
	page?: boolean;
}) {
	const said = words[language];
	const id = useId();
	const first = useRef<HTMLInputElement>(null);
	const [login, setLogin] = useState("");
	const [password, setPassword] = useState("");
	const [problem, setProblem] = useState("");
	const [busy, setBusy] = useState(false);
	useEffect(() => first.current?.focus(), []);
	const send = async () => {
		if (busy) return;
		if (!login.trim() || !password) {
			setProblem(said.missing);
			return;
		}
		setProblem("");
		setBusy(true);
		try {
			await logIn(login, password);
		} catch (error) {
			setProblem(problemOf(said, error));
		}
		setBusy(false);
	};
	const Heading = page ? "h1" : "h2";
	return (
		<form
			class="login"
			noValidate
			aria-labelledby={`${id}-title`}
			onSubmit={(event) => {
				event.preventDefault();
				void send();
			}}
		>
			<Heading id={`${id}-title`}>{said.title}</Heading>
			{ended ? <p class="login-ended">{said.ended}</p> : null}
			<div class="field">
				<label for={`${id}-login`}>{said.login}</label>
				<input
					ref={first}
					id={`${id}-login`}
					class="input"
					autoComplete="username"
					autoCapitalize="none"
					spellcheck={false}
					dir="ltr"
					value={login}
					aria-invalid={Boolean(problem) || undefined}
					onInput={(event) => setLogin(event.currentTarget.value)}
				/>
			</div>
			<div class="field">
				<label for={`${id}-password`}>{said.password}</label>
				<input
					id={`${id}-password`}
					class="input"
					type="password"
					autoComplete="current-password"
					dir="ltr"
					value={password}
					aria-invalid={Boolean(problem) || undefined}
					onInput={(event) => setPassword(event.currentTarget.value)}
				/>
			</div>
			<div role="alert">
				{problem ? (
					<p class="login-problem">
						<Glyph name="alert" />
						<span>{problem}</span>
					</p>
				) : null}
			</div>
			<button type="submit" class="button primary" aria-disabled={busy}>
				{said.button}
			</button>
			<p class="login-hint">{said.hint}</p>
		</form>
	);
}

function problemOf(said: typeof en, error: unknown): string {
	if (!(error instanceof CallError)) return said.offline;
	if (error.reason === "REASON_WRONG_LOGIN") return said.wrong;
	if (error.reason === "REASON_RATE_LIMITED") return said.tooMany;
	return error.code === "unauthenticated" ? said.wrong : said.offline;
}
