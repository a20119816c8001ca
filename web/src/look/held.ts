/** A value that changes, and those who look at it: without anything that draws. */

/** Store holds what a page knows. Its value is never changed, but replaced. */
export class Store<T> {
	private readonly watchers = new Set<() => void>();

	constructor(private held: T) {}

	get value(): T {
		return this.held;
	}

	/** Puts what change makes of the value in its place. */
	update(change: (value: T) => T): void {
		const next = change(this.held);
		if (Object.is(next, this.held)) return;
		this.held = next;
		for (const watcher of [...this.watchers]) watcher();
	}

	/** Calls back after each change; what it returns ends that. */
	watch(watcher: () => void): () => void {
		this.watchers.add(watcher);
		return () => this.watchers.delete(watcher);
	}
}
