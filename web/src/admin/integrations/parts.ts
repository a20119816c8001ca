/** What the parts of a connected account are called. */

import { differences } from "../edited.js";
import type { AdminWords } from "../words.js";
import type { Draft } from "./draft.js";

/** The names of the parts in which two drafts of an account differ. What is secret is not seen. */
export function partsOf({ integrations: said }: AdminWords, channel: string, a: Draft, b: Draft): string[] {
	const names: Partial<Record<keyof Draft, string>> = {
		name: said.name,
		address: said.address[channel],
		providerAccountId: said.providerAccountId[channel],
		owner: channel === "whatsapp" ? said.ownerOf.whatsapp : said.ownerOf.instagram,
		humanAgent: said.humanAgentName,
	};
	return differences(a, b).flatMap((part) => names[part] ?? []);
}
