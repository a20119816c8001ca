/** Two people have changed the same settings: the second decides. */

import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Glyph } from "../look/glyph.js";
import { ago } from "../look/words.js";
import { useDesk } from "./context.js";

/**
 * Says who has changed settings meanwhile, when, and which of them, and asks what
 * counts. It takes the focus: the button that was pressed is not there any more.
 */
export function Contest({
	rival,
	made = false,
	at,
	parts,
	onTheirs,
	onMine,
}: {
	/** Who it was; empty where that was oneself. */
	rival: string;
	/** They have made what was to be new here. */
	made?: boolean;
	/** When; empty where that is not known. */
	at: string;
	/** The names of the fields that are different now. */
	parts: readonly string[];
	onTheirs: () => void;
	onMine: () => void;
}) {
	const { words, language, now } = useDesk();
	const title = useId();
	const heading = useRef<HTMLHeadingElement>(null);
	useLayoutEffect(() => heading.current?.focus(), []);
	const said = words.contest;
	const when = at ? ago(language, new Date(at), now()) : "";
	return (
		<section class="contest" aria-labelledby={title}>
			<h3 id={title} ref={heading} tabIndex={-1}>
				<Glyph name="alert" />
				<span>{rival ? said.title(rival, when, made) : said.ownTitle(when, made)}</span>
			</h3>
			{parts.length ? <p>{said.parts(parts)}</p> : null}
			<p>{said.text}</p>
			<div class="form-end">
				<button type="button" class="button" onClick={onTheirs}>
					{said.theirs}
				</button>
				<button type="button" class="button primary" onClick={onMine}>
					{said.mine}
				</button>
			</div>
		</section>
	);
}
