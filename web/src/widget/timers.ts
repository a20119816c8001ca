/** What a chat waits for. */

/** Timers call back after a while, until they are closed. */
export class Timers {
	private readonly running = new Set<() => void>();
	private closed = false;

	/** Calls back after milliseconds; what it returns ends that. */
	after(milliseconds: number, then: () => void): () => void {
		if (this.closed) return () => {};
		const stop = () => {
			clearTimeout(timer);
			this.running.delete(stop);
		};
		const timer = setTimeout(() => {
			this.running.delete(stop);
			then();
		}, milliseconds);
		this.running.add(stop);
		return stop;
	}

	/** Ends all of them, and those that are asked for later. */
	close(): void {
		this.closed = true;
		for (const stop of [...this.running]) stop();
	}
}
