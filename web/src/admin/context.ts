/** What every part of the admin center has at hand. */

import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { GetMeResponseJson } from "../gen/weiche/workspace/v1/workspace_pb.js";
import type { Language } from "../look/words.js";
import type { Admin } from "./api.js";
import type { Router } from "./router.js";
import type { AdminWords } from "./words.js";

/** Desk is who is here, what they may do, and how they are spoken to. */
export interface Desk {
	admin: Admin;
	router: Router;
	me: GetMeResponseJson;
	words: AdminWords;
	language: Language;
	/** Whether the caller has a scope; the server asks again. */
	may(scope: string): boolean;
	/** Says for a few seconds that something was done. */
	say(text: string): void;
	/** Says in the browser's tab where the page is. */
	entitle(title: string): void;
	/** The time now. */
	now(): Date;
}

export const DeskContext = createContext<Desk | undefined>(undefined);

/** The desk of the page. */
export function useDesk(): Desk {
	const desk = useContext(DeskContext);
	if (!desk) throw new Error("no desk");
	return desk;
}

/** What was asked for: not there yet, there, or not to be had. */
export interface Loaded<T> {
	value?: T;
	error?: unknown;
	/** Asks again, and returns the answer, if there is one; what is there stays until then. */
	again(): Promise<T | undefined>;
	/** Puts in its place what is known to be so: answers that are on their way are older. */
	put(change: (value: T) => T): void;
}

/** Asks once, again when asked to, and each so many milliseconds while the page is seen. */
export function useLoaded<T>(load: () => Promise<T>, every = 0): Loaded<T> {
	const [state, setState] = useState<{ value?: T; error?: unknown }>({});
	const [{ again, put }] = useState(() => {
		let last = 0;
		return {
			async again(): Promise<T | undefined> {
				const mine = ++last;
				try {
					const value = await load();
					if (mine === last) setState({ value });
					return value;
				} catch (error) {
					// What was there is better than nothing; the first answer is not.
					if (mine === last) setState((before) => (before.value === undefined ? { error } : before));
					return undefined;
				}
			},
			put(change: (value: T) => T): void {
				last++;
				setState(({ value }) => (value === undefined ? {} : { value: change(value) }));
			},
		};
	});
	useEffect(() => {
		void again();
		if (!every) return;
		const timer = setInterval(() => document.visibilityState === "visible" && void again(), every);
		return () => clearInterval(timer);
	}, []);
	return { ...state, again, put };
}
