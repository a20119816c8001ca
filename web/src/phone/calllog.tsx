import { useEffect, useState } from "preact/hooks";
import { Glyph } from "../look/glyph.js";
import { useStore } from "../look/store.js";
import type { Language } from "../look/words.js";
import type { Handset } from "./handset.js";
import { type Entry, tidy } from "./log.js";
import { phoneWords } from "./words.js";
import "./calllog.css";

/** What goes over the wire, as it goes; software is the name of what the phones write to. */
export function LiveLog({
	handset,
	language,
	software,
}: {
	handset: Handset;
	language: Language;
	software: string;
}) {
	const revision = useStore(handset.store, (state) => state.revision);
	const integrations = useStore(handset.store, (state) => state.integrations);
	const list = useStore(handset.store, (state) => state.entries);
	useEffect(() => {
		// Much can change at once: look when it has.
		const timer = setTimeout(() => void handset.readLog(), 150);
		return () => clearTimeout(timer);
	}, [revision, integrations]);
	return <CallLog list={list} language={language} software={software} />;
}

/** A list of what went over the wire. */
export function CallLog({
	list,
	language,
	software,
}: {
	list: readonly Entry[];
	language: Language;
	software: string;
}) {
	if (list.length === 0) return <p class="calls-empty">{phoneWords[language].logEmpty}</p>;
	return (
		<ul class="calls">
			{list.map((entry) => (
				<li key={entry.id}>
					<Line entry={entry} language={language} software={software} />
				</li>
			))}
		</ul>
	);
}

function Line({ entry, language, software }: { entry: Entry; language: Language; software: string }) {
	const words = phoneWords[language];
	const [open, setOpen] = useState(false);
	const app = entry.app ? words.appNames[entry.app] : words.provider;
	const fine = entry.status >= 200 && entry.status < 300;
	return (
		<details onToggle={(event) => setOpen(event.currentTarget.open)}>
			<summary>
				<time dateTime={entry.at}>{new Date(entry.at).toLocaleTimeString(language)}</time>
				<span class="calls-way" data-from={entry.from}>
					<Glyph name={entry.from === "software" ? "forward" : "back"} />
					{entry.from === "software" ? words.toProvider(app) : words.fromProvider(app)}
				</span>
				<code>{entry.what}</code>
				{entry.tries > 1 && <span>{words.tries(entry.tries)}</span>}
				{entry.fault && <span class="calls-fault">{words.fault(entry.fault)}</span>}
				<span class={fine ? "calls-good" : "calls-bad"}>
					{entry.state === "done" || entry.status ? entry.status || words.noAnswer : words[entry.state]}
				</span>
			</summary>
			{open && (
				<div class="calls-body">
					<p>
						{words.request} ({entry.from === "software" ? software : app})
					</p>
					<pre dir="ltr">{tidy(entry.request) || "-"}</pre>
					{entry.signature && (
						<p>
							{words.signature}: <code>{entry.signature}</code>
						</p>
					)}
					{entry.answer && (
						<>
							<p>{words.answer}</p>
							<pre dir="ltr">{tidy(entry.answer)}</pre>
						</>
					)}
				</div>
			)}
		</details>
	);
}
