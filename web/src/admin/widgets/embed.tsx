/** Where a widget may be, and the code by which it is there. */

import { CopyField } from "../../look/copy.js";
import { Glyph } from "../../look/glyph.js";
import { useDesk } from "../context.js";
import { TextField } from "../field.js";
import { Card } from "../page.js";
import { originsOf } from "./draft.js";
import { type Editing, wrongText } from "./editing.js";
import { embedSnippet, frameSnippet, policySnippet } from "./snippets.js";

/** The origins that may embed it. */
export function OriginsCard({ draft, change, wrongs, disabled }: Editing) {
	const { words } = useDesk();
	return (
		<Card title={words.widgets.where}>
			<TextField
				label={words.widgets.origins}
				hint={words.widgets.originsHint}
				error={wrongText(words, wrongs, "origins")}
				value={draft.origins}
				onValue={(origins) => change({ origins })}
				placeholder="https://shop.example"
				rows={3}
				code
				disabled={disabled}
			/>
			{originsOf(draft.origins).length ? null : <p class="notice">{words.widgets.originsEmpty}</p>}
		</Card>
	);
}

/** The code to copy, with the colour as it is saved; none before the widget is there. */
export function EmbedCard({ id, accent }: { id: string; accent: string }) {
	const { words } = useDesk();
	return (
		<Card
			title={words.widgets.embed}
			lead={id ? words.widgets.embedLead : words.widgets.embedFirst}
			id="embed"
		>
			{id ? (
				<>
					<CopyField
						label={words.widgets.embedCode}
						text={embedSnippet(location.origin, id, accent)}
						words={words.copy}
						rows={3}
					/>
					<details class="more">
						<summary>{words.widgets.policy}</summary>
						<CopyField
							label="Content-Security-Policy"
							text={policySnippet(location.origin)}
							words={words.copy}
						/>
					</details>
					<details class="more">
						<summary>{words.widgets.frame}</summary>
						<CopyField
							label={words.widgets.frame}
							text={frameSnippet(location.origin, id)}
							words={words.copy}
							rows={3}
						/>
					</details>
					<p>
						<a href={`/w/${id}`} target="_blank" rel="noopener" class="with-glyph">
							<Glyph name="open" />
							{words.widgets.tryIt}
						</a>
					</p>
				</>
			) : null}
		</Card>
	);
}
