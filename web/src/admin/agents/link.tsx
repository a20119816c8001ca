/** A login link, which is told once. */

import { useEffect, useState } from "preact/hooks";
import type { MakeLoginLinkResponseJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { CopyField } from "../../look/copy.js";
import { Dialog } from "../../look/dialog.js";
import { clock } from "../../look/words.js";
import { useDesk } from "../context.js";
import { Problem } from "../page.js";
import { problemOf } from "../problem.js";

/** A dialog that makes a login link and shows it. */
export function LoginLink({
	agentId,
	name,
	onClose,
}: {
	agentId: string;
	name: string;
	onClose: () => void;
}) {
	const { admin, words, language } = useDesk();
	const [link, setLink] = useState<MakeLoginLinkResponseJson>();
	const [problem, setProblem] = useState("");
	useEffect(() => {
		admin.loginLink(agentId).then(setLink, (error: unknown) => setProblem(problemOf(words, error)));
	}, []);
	return (
		<Dialog title={words.agents.linkTitle(name)} onClose={onClose}>
			<div class="stack">
				{link ? (
					<>
						<p class="dialog-text">
							{words.agents.linkText(link.expiresAt ? clock(language, new Date(link.expiresAt)) : "")}
						</p>
						<CopyField
							label={words.agents.linkLabel}
							text={location.origin + (link.path ?? "")}
							words={words.copy}
							hint={words.told}
						/>
					</>
				) : (
					<p role="status">{problem ? "" : words.loading}</p>
				)}
				<Problem text={problem} />
			</div>
			<div class="dialog-buttons">
				<button type="button" class="button" onClick={onClose}>
					{words.close}
				</button>
			</div>
		</Dialog>
	);
}
