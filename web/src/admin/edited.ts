/** Settings while somebody changes them, and others may do so too. */

import { useLayoutEffect, useState } from "preact/hooks";
import { CallError } from "../api/call.js";
import { type Desk, useDesk } from "./context.js";
import { whoOf } from "./names.js";

/** Settings that are listed with the version that a change is made from. */
export interface Versioned {
	version?: string;
	changedBy?: string;
	changedAt?: string;
}

/** The version that a change was made from: of new settings, that nobody has made them yet. */
export function versionOf(seen: Versioned | undefined): string | undefined {
	return seen ? seen.version : "0";
}

/** Whether somebody has made or changed the settings meanwhile. */
export function isContested(error: unknown): boolean {
	return error instanceof CallError && error.reason === "REASON_SETTINGS_CHANGED";
}

/** How often, and after how many milliseconds, it is looked for what somebody else has made. */
const looks = { most: 10, apart: 200 } as const;

/** The fields in which two drafts differ. */
export function differences<D extends object>(a: D, b: D): (keyof D)[] {
	return (Object.keys(a) as (keyof D)[]).filter(
		(field) => JSON.stringify(a[field]) !== JSON.stringify(b[field]),
	);
}

/** A draft of theirs, with what was changed in mine since before. */
export function merged<D extends object>(before: D, mine: D, theirs: D): D {
	const kept = differences(before, mine).map((field) => [field, mine[field]]);
	return { ...theirs, ...Object.fromEntries(kept) };
}

/** What is typed about settings, and what it was made from. */
export interface Edited<S, D> {
	/** The settings that the draft was made from; nothing where they are new. */
	seen?: S;
	draft: D;
	/** Who has changed them meanwhile, as a refusal has shown; empty where that was oneself. */
	rival?: string;
}

/**
 * Edits settings. What nobody changes here is shown as others have made it; what
 * somebody does change stays until they have decided.
 *
 * @param listed the settings as they are known now; nothing where they are new
 * @param read reads them again, which changes what is listed
 */
export function useEdited<S extends Versioned, D extends object>(
	listed: S | undefined,
	read: () => Promise<S | undefined>,
	draftOf: (settings: S | undefined) => D,
	same: (a: D, b: D) => boolean,
) {
	const desk = useDesk();
	const [edited, setEdited] = useState<Edited<S, D>>(() => ({ seen: listed, draft: draftOf(listed) }));
	const before = draftOf(edited.seen);
	const changed = !same(before, edited.draft);
	const begin = (seen: S | undefined) => setEdited({ seen, draft: draftOf(seen) });
	// At once: what is typed by the next frame is a change of these.
	useLayoutEffect(() => {
		if (!changed && listed?.version !== edited.seen?.version) begin(listed);
	}, [changed, listed?.version]);
	return {
		...edited,
		before,
		changed,
		/** Changes a part of the draft. */
		change: (part: Partial<D>) => setEdited((now) => ({ ...now, draft: { ...now.draft, ...part } })),
		/** Begins anew with settings: those that were saved, or theirs. */
		begin,
		/** Whether what was saved is refused because somebody has changed the settings meanwhile. It is told then. */
		async contested(error: unknown, { seen, draft }: Edited<S, D>): Promise<boolean> {
			if (!isContested(error)) return false;
			const theirs = await after(seen?.version, read);
			if (!theirs) return false;
			// Where both have done the same there is nothing to decide.
			if (same(draft, draftOf(theirs))) begin(theirs);
			else {
				const rival = await rivalOf(desk, theirs);
				setEdited((now) => ({ ...now, rival }));
			}
			return true;
		},
		/** Puts what was changed here over what is listed now, and returns that. */
		keep(): Edited<S, D> {
			const kept = { seen: listed, draft: merged(before, edited.draft, draftOf(listed)) };
			setEdited(kept);
			return kept;
		},
	};
}

/** Reads settings until they are not of a version any more, as a list may be behind a refusal; nothing where they stay so. */
async function after<S extends Versioned>(
	version: string | undefined,
	read: () => Promise<S | undefined>,
): Promise<S | undefined> {
	for (let look = 1; look <= looks.most; look++) {
		const settings = await read();
		if (settings && settings.version !== version) return settings;
		await new Promise((done) => setTimeout(done, looks.apart));
	}
	return undefined;
}

/** Who has made settings what they are; empty where that was oneself. */
async function rivalOf({ admin, words, me }: Desk, settings: Versioned): Promise<string> {
	const by = settings.changedBy ?? "";
	if (by === `agent/${me.agent?.agentId}`) return "";
	return by ? whoOf(words, await admin.names(), by) : words.contest.somebody;
}
