/** A value that changes, and those who look at it. */

import { useEffect, useState } from "preact/hooks";
import type { Store } from "./held.js";

export { Store } from "./held.js";

/** What pick makes of a store's value; who uses it is drawn again when that changes. */
export function useStore<T, P>(store: Store<T>, pick: (value: T) => P): P {
	const [, redraw] = useState({});
	const picked = pick(store.value);
	useEffect(() => {
		let last = picked;
		const look = () => {
			const next = pick(store.value);
			if (Object.is(next, last)) return;
			last = next;
			redraw({});
		};
		look();
		return store.watch(look);
	}, [store]);
	return picked;
}
