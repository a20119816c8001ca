/** Something that is drawn only where it takes long. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

/** What is in it appears after 300 ms, or as many as said: what is quicker does not flicker. */
export function Later({ after = 300, children }: { after?: number; children: ComponentChildren }) {
	const [due, setDue] = useState(false);
	useEffect(() => {
		const timer = setTimeout(() => setDue(true), after);
		return () => clearTimeout(timer);
	}, [after]);
	return due ? children : null;
}
