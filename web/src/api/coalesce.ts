/**
 * Makes of something that reads the newest what may be asked for at any rate: one at a
 * time, and after it one more if it was asked for meanwhile.
 *
 * @param read reads; it must not throw
 */
export function coalesce(read: () => Promise<void>): () => Promise<void> {
	let running: Promise<void> | undefined;
	let again = false;
	return () => {
		if (running) {
			again = true;
			return running;
		}
		running = (async () => {
			do {
				again = false;
				await read();
			} while (again);
			// Not later than that: who asks from here on would be heard by nobody.
			running = undefined;
		})();
		return running;
	};
}
