/** Logging in by a password, for every page that agents come to. */

import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { CallError } from "../api/call.js";
import { Glyph } from "./glyph.js";
import type { Language, Words } from "./words.js";

const en = {
	title: "Log in to Weiche",
	ended: "Your session has ended",
	endedText: "Log in again to go on. What you have written is kept.",
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
	ended: "Ihre Sitzung ist beendet",
	endedText: "Melden Sie sich wieder an. Was Sie geschrieben haben, bleibt erhalten.",
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
 * The page to log in, or to come back where a session has ended: then it lies above the
 * page, which waits as it was left.
 */
export function LogIn({
	session,
	language,
	ended,
}: {
	session: { logIn(login: string, password: string): Promise<void>; open(): Promise<void> };
	language: Language;
	ended?: boolean;
}) {
	const said = words[language];
	const id = useId();
	const first = useRef<HTMLInputElement>(null);
	const [login, setLogin] = useState("");
	const [password, setPassword] = useState("");
	const [problem, setProblem] = useState("");
	const [busy, setBusy] = useState(false);
	// After a dialog of the page has gone, which gives the focus back; who types already stays.
	useEffect(() => {
		const field = first.current;
		if (!field?.form?.contains(document.activeElement)) field?.focus();
	}, []);
	// Who logs in by a link in another tab comes back to this one, however soon.
	useLayoutEffect(() => {
		const look = () => document.visibilityState === "visible" && void session.open();
		document.addEventListener("visibilitychange", look);
		return () => document.removeEventListener("visibilitychange", look);
	}, []);
	const send = async () => {
		if (busy) return;
		if (!login.trim() || !password) {
			setProblem(said.missing);
			return;
		}
		setProblem("");
		setBusy(true);
		try {
			await session.logIn(login, password);
		} catch (error) {
			setProblem(problemOf(said, error));
		}
		setBusy(false);
	};
	return (
		<main class={ended ? "login-page over" : "login-page"}>
			<form
				class="login"
				noValidate
				aria-labelledby={`${id}-title`}
				onSubmit={(event) => {
					event.preventDefault();
					void send();
				}}
			>
				<h1 id={`${id}-title`}>{ended ? said.ended : said.title}</h1>
				{ended ? <p class="login-ended">{said.endedText}</p> : null}
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
		</main>
	);
}

function problemOf(said: typeof en, error: unknown): string {
	if (!(error instanceof CallError)) return said.offline;
	if (error.reason === "REASON_WRONG_LOGIN") return said.wrong;
	if (error.reason === "REASON_RATE_LIMITED") return said.tooMany;
	return error.code === "unauthenticated" ? said.wrong : said.offline;
}
