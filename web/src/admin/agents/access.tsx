/** How an agent gets in: by which means, and where they are in now. */

import { useState } from "preact/hooks";
import type { AgentSettingsJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { Glyph } from "../../look/glyph.js";
import { ago, day } from "../../look/words.js";
import { useDesk } from "../context.js";
import { Card, Problem, When } from "../page.js";
import { problemOf } from "../problem.js";
import { LoginLink } from "./link.js";
import { SetPassword } from "./password.js";

/** The card of that. */
export function AccessCard({
	settings,
	again,
	allowed,
}: {
	settings: AgentSettingsJson;
	again: () => Promise<unknown>;
	allowed: boolean;
}) {
	const { admin, words, language, now, say } = useDesk();
	const [open, setOpen] = useState<"link" | "password">();
	const [problem, setProblem] = useState("");
	const id = settings.agent?.agentId ?? "";
	const name = settings.agent?.name ?? id;
	const sessions = settings.sessions ?? [];
	const end = async (ids: string[], said: string) => {
		setProblem("");
		try {
			for (const session of ids) await admin.endSession(session);
			say(said);
		} catch (error) {
			setProblem(problemOf(words, error));
		}
		await again();
	};
	const others = sessions.filter((session) => !session.current).map((session) => session.sessionId ?? "");
	return (
		<Card title={words.agents.access}>
			<div class="spread">
				<p>{settings.hasPassword ? words.agents.hasPassword : words.agents.noPassword}</p>
				{allowed ? (
					<div class="buttons">
						<button type="button" class="button" onClick={() => setOpen("link")}>
							<Glyph name="link" />
							{words.agents.link}
						</button>
						<button type="button" class="button" onClick={() => setOpen("password")}>
							<Glyph name="key" />
							{words.agents.setPassword}
						</button>
					</div>
				) : null}
			</div>
			<h3>{words.agents.sessions}</h3>
			{sessions.length ? (
				<ul class="rows">
					{sessions.map((session) => (
						<li key={session.sessionId} class="row">
							<span class="row-name">
								<span>
									<When at={session.openedAt ?? ""}>
										{words.agents.opened(ago(language, new Date(session.openedAt ?? ""), now()))}
									</When>
									{session.current ? <span class="tag">{words.agents.current}</span> : null}
								</span>
								<span class="soft">
									{words.agents.ends(day(language, new Date(session.expiresAt ?? ""), now()))}
								</span>
							</span>
							{allowed && !session.current ? (
								<button
									type="button"
									class="button"
									onClick={() => end([session.sessionId ?? ""], words.agents.ended)}
								>
									{words.agents.end}
								</button>
							) : null}
						</li>
					))}
				</ul>
			) : (
				<p class="soft">{words.agents.noSessions}</p>
			)}
			{allowed && others.length > 1 ? (
				<div class="form-end">
					<button type="button" class="button" onClick={() => end(others, words.agents.endedAll)}>
						{words.agents.endAll}
					</button>
				</div>
			) : null}
			<Problem text={problem} />
			{open === "link" ? <LoginLink agentId={id} name={name} onClose={() => setOpen(undefined)} /> : null}
			{open === "password" ? (
				<SetPassword id={id} name={name} onClose={() => setOpen(undefined)} onSet={again} />
			) : null}
		</Card>
	);
}
