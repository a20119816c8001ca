/** The whole page: who may not, or is not in, is told so. */

import { useMemo, useRef, useState } from "preact/hooks";
import { LogIn } from "../look/login.js";
import type { Session, Who } from "../look/session.js";
import { useStore } from "../look/store.js";
import { type Chosen, languageBy } from "../workspace/preferences.js";
import { Admin } from "./api.js";
import { type Desk, DeskContext } from "./context.js";
import type { Router } from "./router.js";
import { Denied, Shell, sectionsFor } from "./shell.js";
import { words } from "./words.js";

/** How long it is said that something was done, in milliseconds. */
const said = 4000;

/** What the page is made of. */
export interface Parts {
	session: Session<Who>;
	router: Router;
	chosen: Chosen;
}

/** The admin center, however its session stands. */
export function App({ session, router, chosen }: Parts) {
	const language = useStore(chosen, languageBy);
	const { status, who } = useStore(session, (state) => state);
	const { text, say } = useNotice();
	const admin = useMemo(() => new Admin(session), []);
	const here = words[language];
	if (status === "opening") return <main class="login-page" aria-busy="true" />;
	if (status === "failed")
		return (
			<main class="login-page">
				<div class="empty" role="alert">
					<h1>{here.title}</h1>
					<p>{here.failed}</p>
					<button type="button" class="button" onClick={() => void session.open()}>
						{here.again}
					</button>
				</div>
			</main>
		);
	if (!who) return <LogIn session={session} language={language} />;
	const { me } = who;
	const may = (scope: string) => me.scopes?.includes(scope) ?? false;
	const entitle = (title: string) => {
		document.title = title;
	};
	const desk: Desk = { admin, router, me, words: here, language, may, say, entitle, now: () => new Date() };
	if (sectionsFor(may).length === 0) return <Denied words={here} name={me.agent?.name ?? ""} />;
	return (
		<DeskContext.Provider value={desk}>
			<div inert={status === "ended"}>
				<Shell onLogOut={() => void session.logOut().catch(() => session.open())} />
			</div>
			{status === "ended" ? <LogIn session={session} language={language} ended /> : null}
			<div class="notices" role="status">
				{text ? <p class="said-notice">{text}</p> : null}
			</div>
		</DeskContext.Provider>
	);
}

/** A text that is said for a few seconds. */
function useNotice(): { text: string; say: (text: string) => void } {
	const [text, setText] = useState("");
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	const say = (now: string) => {
		clearTimeout(timer.current);
		setText(now);
		timer.current = setTimeout(() => setText(""), said);
	};
	return { text, say };
}
