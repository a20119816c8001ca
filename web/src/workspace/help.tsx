/** What the keys do. */

import { Dialog } from "../look/dialog.js";
import { useStore } from "../look/store.js";
import { useWords } from "./said.js";
import { useWorkspace } from "./workspace.js";

/** Whether this is a device whose keyboards have Command. */
const mac = /Mac|iPhone|iPad/.test(navigator.platform);

/** The name of the key of the palette here. */
export const modK = mac ? "\u2318K" : "Ctrl K";

/** The list of keys, with the switch that turns single ones off. */
export function Help({ onClose }: { onClose(): void }) {
	const words = useWords();
	const keys: [string[], string][] = [
		[["J", "K"], words.keyNames.jk],
		[["Enter"], words.keyNames.enter],
		[["R"], words.keyNames.r],
		[["N"], words.keyNames.n],
		[["Esc"], words.keyNames.escape],
		[["A"], words.keyNames.a],
		[["L"], words.keyNames.l],
		[["E"], words.keyNames.e],
		[["Z"], words.keyNames.z],
		[["/"], words.keyNames.slash],
		[["?"], words.keyNames.help],
		[[modK], words.keyNames.mod],
	];
	return (
		<Dialog title={words.help} onClose={onClose}>
			<p class="dialog-text">{words.helpText}</p>
			<dl class="keys">
				{keys.map(([names, does]) => (
					<div key={does}>
						<dt>
							{names.map((name) => (
								<kbd key={name}>{name}</kbd>
							))}
						</dt>
						<dd>{does}</dd>
					</div>
				))}
			</dl>
			<KeysSwitch />
			<div class="dialog-buttons">
				<button type="button" class="button" onClick={onClose}>
					{words.close}
				</button>
			</div>
		</Dialog>
	);
}

/** The switch that turns single keys off: who speaks to the device would press them by chance. */
export function KeysSwitch() {
	const { chosen } = useWorkspace();
	const words = useWords();
	const on = useStore(chosen, (all) => all.keys);
	return (
		<label class="switch">
			<input
				type="checkbox"
				checked={on}
				onChange={(event) => chosen.choose({ keys: event.currentTarget.checked })}
			/>
			{words.keysOn}
		</label>
	);
}
