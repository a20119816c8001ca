/** Going from place to place without loading the page anew. */

import { Store } from "../look/store.js";

/** What the router knows. */
export interface Whereabouts {
	path: string;
	/** Where somebody wanted to go who would lose changes; empty otherwise. */
	wanted: string;
}

/** Router keeps the address and the page the same. A page with unsaved changes holds it. */
export class Router {
	readonly at: Store<Whereabouts>;
	private held = false;

	constructor(private readonly page: Pick<Window, "location" | "history" | "addEventListener" | "scrollTo">) {
		this.at = new Store<Whereabouts>({ path: page.location.pathname, wanted: "" });
		page.addEventListener("popstate", () => this.popped());
		page.addEventListener("beforeunload", (event) => {
			if (this.held) event.preventDefault();
		});
	}

	/** Holds the page where it is, until somebody has said that changes may go. */
	hold(held: boolean): void {
		this.held = held;
	}

	/** Goes to a path, or asks first. */
	go(path: string): void {
		if (path === this.at.value.path) return;
		if (this.asks(path)) return;
		this.page.history.pushState(null, "", path);
		this.page.scrollTo(0, 0);
		this.at.update(() => ({ path, wanted: "" }));
	}

	/** Whether somebody is asked before they lose changes by what they want. */
	asks(wanted: string): boolean {
		if (this.held) this.at.update((at) => ({ ...at, wanted }));
		return this.held;
	}

	/** Goes to a path that takes the place of the present one. */
	replace(path: string): void {
		this.held = false;
		this.page.history.replaceState(null, "", path);
		this.at.update(() => ({ path, wanted: "" }));
	}

	/** Goes where somebody wanted to go, without the changes, and returns where that is. */
	leave(): string {
		const { wanted } = this.at.value;
		this.held = false;
		this.stay();
		return wanted;
	}

	/** Stays, with the changes. */
	stay(): void {
		this.at.update((at) => ({ ...at, wanted: "" }));
	}

	private popped(): void {
		const path = this.page.location.pathname;
		if (this.held && path !== this.at.value.path) {
			// The browser has gone already: what is shown is where it is again.
			this.page.history.pushState(null, "", this.at.value.path);
			this.at.update((at) => ({ ...at, wanted: path }));
			return;
		}
		this.at.update(() => ({ path, wanted: "" }));
	}
}
