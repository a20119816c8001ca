/** What the parts of a widget are called. */

import { differences } from "../edited.js";
import type { AdminWords } from "../words.js";
import type { Draft } from "./draft.js";

/** The names of the parts in which two drafts of a widget differ. */
export function partsOf({ widgets: said }: AdminWords, a: Draft, b: Draft): string[] {
	const names: Record<keyof Draft, string> = {
		site: said.site,
		title: said.headline,
		greeting: said.greetings,
		away: said.aways,
		accent: said.accent,
		replyTime: said.replyTime,
		hours: said.hours,
		languages: said.languages,
		origins: said.origins,
		confirmation: said.confirmation,
		codeLifetime: said.lifetime,
		newAfter: said.renewal,
		silentDisconnect: said.silence,
		signedOnly: said.visitors,
		offers: said.offers,
		cut: "",
	};
	return differences(a, b)
		.map((part) => names[part])
		.filter((name) => name);
}
