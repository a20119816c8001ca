/** A value that changes, and those who look at it. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Store } from "./held.js";

export { Store } from "./held.js";

/** What pick makes of a store's value; who uses it is drawn again when that changes. */
export function useStore<T, P>(store: Store<T>, pick: (value: T) => P): P {
	const [, redraw] = useState({});
	const picked = pick(store.value);
	// What was picked last, and by what: pick may be another one each time.
	const drawn = useRef({ pick, picked });
	drawn.current = { pick, picked };
	// At once: what is done before the next frame has to be done with the value as it is.
	useLayoutEffect(() => {
		const look = () => {
			const last = drawn.current;
			if (!Object.is(last.pick(store.value), last.picked)) redraw({});
		};
		look();
		return store.watch(look);
	}, [store]);
	return picked;
}
