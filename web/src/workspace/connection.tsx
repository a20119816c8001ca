/** How the connection stands, where that matters to who works. */

import { useEffect, useState } from "preact/hooks";
import { Glyph } from "../look/glyph.js";
import { clock } from "../look/words.js";
import { useWords } from "./words.js";
import { useLanguage, useWorkspace } from "./workspace.js";

/** Being away for less is nobody's concern; for more, what is shown may be old. In milliseconds. */
const unnoticed = 2000;
const old = 30_000;

/** A line above the panes while the page is not connected. */
export function ConnectionLine() {
	const { stream } = useWorkspace();
	const words = useWords();
	const language = useLanguage();
	const [lost, setLost] = useState<{ since: Date; stage: "unnoticed" | "noticed" | "old" }>();
	useEffect(() => {
		let timers: ReturnType<typeof setTimeout>[] = [];
		const look = () => {
			for (const timer of timers) clearTimeout(timer);
			timers = [];
			if (stream.state !== "away") return setLost(undefined);
			const since = new Date();
			setLost({ since, stage: "unnoticed" });
			timers = [
				setTimeout(() => setLost({ since, stage: "noticed" }), unnoticed),
				setTimeout(() => setLost({ since, stage: "old" }), old),
			];
		};
		look();
		const stop = stream.watch(look);
		return () => {
			stop();
			for (const timer of timers) clearTimeout(timer);
		};
	}, [stream]);
	return (
		<div role="status" class="connection">
			{lost && lost.stage !== "unnoticed" && (
				<p class={lost.stage === "old" ? "connection-line old" : "connection-line"}>
					<Glyph name={lost.stage === "old" ? "alert" : "retry"} />
					{lost.stage === "noticed"
						? words.reconnecting
						: (navigator.onLine ? words.stale : words.offline)(clock(language, lost.since))}
				</p>
			)}
		</div>
	);
}
