import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Glyph } from "../look/glyph.js";
import { useStore } from "../look/store.js";
import type { Language } from "../look/words.js";
import { LiveLog } from "../phone/calllog.js";
import type { Handset } from "../phone/handset.js";
import { standsOn } from "../phone/state.js";
import { Switchboard } from "../phone/switchboard.js";
import { switches } from "../phone/switches.js";
import { demoWords } from "./words.js";

/** What lies below the parts, folded away: the switches and the wire. */
export function Drawer({
	handset,
	language,
	next,
}: {
	handset: Handset;
	language: Language;
	/** The next step, where it is here. */
	next: ComponentChildren;
}) {
	const words = demoWords[language];
	const [open, setOpen] = useState<"wrong" | "calls" | undefined>();
	const on = useStore(handset.store, (state) => switches.filter((one) => standsOn(state, one)).length);
	const flip = (which: "wrong" | "calls") => setOpen(open === which ? undefined : which);
	return (
		<footer class="drawer">
			<div class="drawer-bar">
				<button
					type="button"
					aria-expanded={open === "wrong"}
					aria-controls="drawer"
					data-next={(!!next && open !== "wrong") || undefined}
					onClick={() => flip("wrong")}
				>
					<Glyph name="alert" />
					{words.wrong}
					{on > 0 && <span class="drawer-on">{words.wrongOn(on)}</span>}
				</button>
				<button
					type="button"
					aria-expanded={open === "calls"}
					aria-controls="drawer"
					onClick={() => flip("calls")}
				>
					<Glyph name="route" />
					{words.calls}
				</button>
				{next}
			</div>
			<div id="drawer" class="drawer-body" hidden={!open}>
				{open === "wrong" && <Switchboard handset={handset} language={language} />}
				{open === "calls" && <LiveLog handset={handset} language={language} software={words.software} />}
			</div>
		</footer>
	);
}
