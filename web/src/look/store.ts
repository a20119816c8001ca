/** A value that changes, and those who look at it. */

import { useEffect, useState } from "preact/hooks";

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
