/** How the connection stands, where that matters to who works. */

import { useEffect, useState } from "preact/hooks";
import { Glyph } from "../look/glyph.js";
import { clock } from "../look/words.js";
import { useLanguage, useWords } from "./said.js";
import { useWorkspace } from "./workspace.js";

/** Being away for less is nobody's concern; for more, what is shown may be old. In milliseconds. */
const unnoticed = 2000;
const old = 30_000;
/** So long a connection has to last to be one. */
const steady = 1000;

type Stage = "noticed" | "old";

/** Lost says since when a connection is lost, and whether what is shown may be old by now. */
interface Lost {
	since: Date;
	stage: Stage;
}

/** A line above the panes while the page is not connected. */
export function ConnectionLine() {
	const { stream } = useWorkspace();
	const [lost, setLost] = useState<Lost>();
	useEffect(() => {
		const timers: ReturnType<typeof setTimeout>[] = [];
		let since: Date | undefined;
		const rest = () => {
			for (const timer of timers.splice(0)) clearTimeout(timer);
		};
		const stage = (to: Stage) => since && setLost({ since, stage: to });
		const look = () => {
			rest();
			if (stream.state !== "away") {
				// What ends again at once was no connection.
				timers.push(setTimeout(back, steady));
				return;
			}
			since ??= new Date();
			const gone = Date.now() - since.getTime();
			timers.push(
				setTimeout(() => stage("noticed"), unnoticed - gone),
				setTimeout(() => stage("old"), old - gone),
			);
		};
		const back = () => {
			since = undefined;
			setLost(undefined);
		};
		look();
		const stop = stream.watch(look);
		return () => {
			stop();
			rest();
		};
	}, [stream]);
	return <LostLine lost={lost} />;
}

/** What is said of a connection that is lost, and nothing of one that is not. */
export function LostLine({ lost }: { lost: Lost | undefined }) {
	const words = useWords();
	const language = useLanguage();
	return (
		<div role="status" class="connection">
			{lost && (
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
