/** What an agent chooses for this device. */

import { Dialog } from "../look/dialog.js";
import { useStore } from "../look/store.js";
import { KeysSwitch } from "./help.js";
import type { Preferences } from "./preferences.js";
import { useWords } from "./said.js";
import { useWorkspace } from "./workspace.js";

/** The settings. Each counts at once. */
export function Settings({ onClose }: { onClose(): void }) {
	const { chosen } = useWorkspace();
	const words = useWords();
	const { language, theme } = useStore(chosen, (all) => all);
	return (
		<Dialog title={words.settings} onClose={onClose}>
			<div class="form">
				<Choice
					name="language"
					title={words.language}
					names={words.languages}
					now={language}
					choose={(value) => chosen.choose({ language: value })}
				/>
				<Choice
					name="theme"
					title={words.theme}
					names={words.themes}
					now={theme}
					choose={(value) => chosen.choose({ theme: value })}
				/>
				<KeysSwitch />
			</div>
			<div class="dialog-buttons">
				<button type="button" class="button" onClick={onClose}>
					{words.close}
				</button>
			</div>
		</Dialog>
	);
}

function Choice<Value extends Preferences["language"] | Preferences["theme"]>(props: {
	name: string;
	title: string;
	names: Record<Value, string>;
	now: Value;
	choose(value: Value): void;
}) {
	return (
		<fieldset class="field">
			<legend>{props.title}</legend>
			{(Object.keys(props.names) as Value[]).map((value) => (
				<label key={value} class="switch">
					<input
						type="radio"
						name={props.name}
						checked={value === props.now}
						onChange={() => props.choose(value)}
					/>
					{props.names[value]}
				</label>
			))}
		</fieldset>
	);
}
