/** What time it is, for words such as "3 min. ago". */

import { useEffect, useState } from "preact/hooks";

/** The time; who uses it is drawn again every so many milliseconds. */
export function useNow(every = 20_000): Date {
	const [now, setNow] = useState(() => new Date());
	useEffect(() => {
		const timer = setInterval(() => setNow(new Date()), every);
		return () => clearInterval(timer);
	}, [every]);
	return now;
}
