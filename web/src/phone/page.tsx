import { useStore } from "../look/store.js";
import type { Language } from "../look/words.js";
import { LiveLog } from "./calllog.js";
import { Device } from "./device.js";
import type { Handset } from "./handset.js";
import { Switchboard } from "./switchboard.js";
import { phoneWords } from "./words.js";
import "./page.css";

/** The simulator's own page: somebody's phone, the switches, and the wire. */
export function SimulatorPage({
	handset,
	people,
	language,
}: {
	handset: Handset;
	/** Everybody with a phone. */
	people: string[];
	language: Language;
}) {
	const words = phoneWords[language];
	const person = useStore(handset.store, (state) => state.person);
	return (
		<main id="main" class="simulator">
			<header class="simulator-head">
				<h1>{words.title}</h1>
				<p>{words.lead}</p>
			</header>
			<section class="simulator-phone" aria-label={words.phoneOf(person)}>
				<label class="field">
					<span>{words.whose}</span>
					<select class="input" value={person} onChange={(event) => handset.take(event.currentTarget.value)}>
						{people.map((name) => (
							<option key={name} value={name}>
								{name}
							</option>
						))}
					</select>
				</label>
				<Device handset={handset} language={language} contacts />
			</section>
			<section class="simulator-side">
				<Switchboard handset={handset} language={language} />
				<h2>{words.logTitle}</h2>
				<LiveLog handset={handset} language={language} software={words.business} />
			</section>
		</main>
	);
}
