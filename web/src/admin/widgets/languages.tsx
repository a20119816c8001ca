/** The languages of a widget. */

import { useState } from "preact/hooks";
import { Glyph } from "../../look/glyph.js";
import { useDesk } from "../context.js";
import { Card } from "../page.js";
import { type Editing, languageName } from "./editing.js";

/** Languages that can be added. */
const common =
	"ar bg cs da de el en es et fa fi fr he hr hu id it ja ko lt lv nb nl pl pt ro ru sk sl sr sv th tr uk ur vi zh".split(
		" ",
	);

/** Languages in their order, with the first of them. */
export function LanguagesCard({ draft, change, disabled }: Editing) {
	const { words, language } = useDesk();
	const [chosen, setChosen] = useState("");
	const name = (tag: string) => languageName(language, tag);
	const free = common
		.filter((tag) => !draft.languages.includes(tag))
		.sort((a, b) => name(a).localeCompare(name(b), language));
	return (
		<Card title={words.widgets.languages} lead={words.widgets.languagesLead}>
			<ol class="rows framed">
				{draft.languages.map((tag, at) => (
					<li key={tag} class="row slim">
						<span class="grow">
							<bdi>{name(tag)}</bdi> {at === 0 ? <span class="tag">{words.widgets.first}</span> : null}
						</span>
						{at > 0 && !disabled ? (
							<button
								type="button"
								class="button plain icon"
								aria-label={words.widgets.firstLanguage(name(tag))}
								title={words.widgets.firstLanguage(name(tag))}
								onClick={() => change({ languages: [tag, ...draft.languages.filter((one) => one !== tag)] })}
							>
								<Glyph name="pin" />
							</button>
						) : null}
						{draft.languages.length > 1 && !disabled ? (
							<button
								type="button"
								class="button plain icon"
								aria-label={words.widgets.removeLanguage(name(tag))}
								title={words.widgets.removeLanguage(name(tag))}
								onClick={() => change({ languages: draft.languages.filter((one) => one !== tag) })}
							>
								<Glyph name="close" />
							</button>
						) : null}
					</li>
				))}
			</ol>
			{disabled ? null : (
				<select
					class="input"
					aria-label={words.widgets.addLanguage}
					value={chosen}
					onChange={(event) => {
						const tag = event.currentTarget.value;
						setChosen("");
						if (tag) change({ languages: [...draft.languages, tag] });
					}}
				>
					<option value="">{words.widgets.addLanguage}</option>
					{free.map((tag) => (
						<option key={tag} value={tag}>
							{name(tag)}
						</option>
					))}
				</select>
			)}
		</Card>
	);
}
