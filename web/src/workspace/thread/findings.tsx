/** What will not go as it was written, said while it is written. */

import { capital, useSpeech } from "./around.js";
import { blocks, type Finding } from "./limits.js";

/** The findings, and that a question is missing. */
export function Findings({
	findings,
	question,
	channel,
}: {
	findings: readonly Finding[];
	question: boolean;
	channel: string;
}) {
	const { words } = useSpeech();
	const name = capital(channel);
	const say = (finding: Finding): string => {
		switch (finding.kind) {
			case "too_long":
				return words.tooLong(finding.length - finding.max, finding.bytes);
			case "split":
				return words.split(name, finding.max, finding.bytes);
			case "near":
				return words.characters(finding.length, finding.max, finding.bytes);
			case "parts":
				return words.tooManyParts(finding.max);
			case "buttons_as_text":
				return words.buttonsAsText(name);
			case "buttons_as_list":
				return words.buttonsAsList(name);
			case "titles_cut":
				return words.titlesCut(name, finding.max);
		}
	};
	return (
		<div id="composer-findings" class="findings" aria-live="polite">
			{question && <p class="bad">{words.questionFirst}</p>}
			{findings.map((finding) => (
				<p key={finding.kind} class={blocks(finding) ? "bad" : finding.kind === "near" ? "soft" : "warn"}>
					{say(finding)}
				</p>
			))}
		</div>
	);
}
