/** That what is shown may be old, as the server does not tell of changes. */

import { Glyph } from "../look/glyph.js";
import { useWords } from "./said.js";

/** A line above what does not change by itself at the moment, with a way to read it anew. */
export function StaleLine({ onAgain }: { onAgain(): void }) {
	const words = useWords();
	return (
		<div class="stale" role="alert">
			<Glyph name="alert" />
			<p>{words.unfollowed}</p>
			<button type="button" class="button small" onClick={onAgain}>
				{words.again}
			</button>
		</div>
	);
}
