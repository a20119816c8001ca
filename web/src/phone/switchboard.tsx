import { useStore } from "../look/store.js";
import type { Language } from "../look/words.js";
import type { Handset } from "./handset.js";
import { standsOn } from "./state.js";
import { switches, timesOf } from "./switches.js";
import { phoneWords } from "./words.js";
import "./switchboard.css";

/** The switches for what goes wrong, each with what it does and how often it has. */
export function Switchboard({ handset, language }: { handset: Handset; language: Language }) {
	const words = phoneWords[language];
	const state = useStore(handset.store, (value) => value);
	return (
		<fieldset class="switchboard">
			<legend>{words.switchesTitle}</legend>
			{switches.map((one) => {
				const on = standsOn(state, one);
				const times = timesOf(one, state.faults);
				return (
					<label key={one} class="switch" data-on={on || undefined}>
						<input
							type="checkbox"
							checked={on}
							onChange={(event) => void handset.flip(one, event.currentTarget.checked)}
						/>
						<span>
							<b>{words.switchNames[one]}</b>
							<small>
								{words.switchHints[one]}
								{on && times > 0 && <em> {words.happened(times)}</em>}
							</small>
						</span>
					</label>
				);
			})}
		</fieldset>
	);
}
