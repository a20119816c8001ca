/** Taking something out of the account, at the end of its page. */

import { useState } from "preact/hooks";
import { Ask } from "../look/dialog.js";
import { useDesk } from "./context.js";
import { Problem } from "./page.js";
import { problemOf } from "./problem.js";

/** A button that asks before it removes. */
export function Remove({
	title,
	text,
	remove,
	onRemoved,
	onFailed,
}: {
	/** What is asked, and what it does. */
	title: string;
	text: string;
	remove: () => Promise<unknown>;
	onRemoved: () => void;
	onFailed?: () => void;
}) {
	const { words } = useDesk();
	const [asking, setAsking] = useState(false);
	const [problem, setProblem] = useState("");
	const go = async () => {
		try {
			await remove();
		} catch (error) {
			setProblem(problemOf(words, error));
			setAsking(false);
			onFailed?.();
			return;
		}
		onRemoved();
	};
	return (
		<div class="ending">
			<button type="button" class="button danger" onClick={() => setAsking(true)}>
				{words.remove}
			</button>
			<Problem text={problem} />
			{asking ? (
				<Ask
					question={{ title, text, yes: words.remove, no: words.cancel, danger: true }}
					onYes={go}
					onNo={() => setAsking(false)}
				/>
			) : null}
		</div>
	);
}
