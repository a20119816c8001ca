import { Store } from "../look/store.js";
import { entries } from "./log.js";
import { type App, type Button, type Message, Provider, ProviderError, type Visited } from "./provider.js";
import { newPhone, type PhoneState, type Screen } from "./state.js";
import { type Switch, turnOff, turnOn } from "./switches.js";

/** How long to wait where the providers do not answer, in milliseconds. */
const pause = 1000;

/** So much of what went over the wire is shown. */
const most = 60;

/** Handset is a phone in somebody's hand: it follows what comes, and does what they do. */
export class Handset {
	readonly store: Store<PhoneState>;
	readonly provider = new Provider();
	private following = new AbortController();
	/** Links that were opened, for whoever wants to know. */
	onVisit: (visited: Visited) => void = () => {};

	constructor(person: string, screen: Screen) {
		this.store = new Store(newPhone(person, screen));
	}

	/** Follows the phone until it is put away. */
	start(): void {
		const signal = this.following.signal;
		void this.provider.integrations().then(
			(integrations) => this.set({ integrations }),
			() => {},
		);
		void this.follow(this.store.value.person, signal);
	}

	private async follow(person: string, signal: AbortSignal): Promise<void> {
		while (!signal.aborted) {
			try {
				const { revision, threads } = await this.provider.threads(person, this.store.value.revision, signal);
				const faults = await this.provider.faults();
				if (signal.aborted) return;
				// Everything counts as a change there: one that changed nothing here is none.
				const same = JSON.stringify(threads) === JSON.stringify(this.store.value.threads);
				const calm = JSON.stringify(faults) === JSON.stringify(this.store.value.faults);
				this.set({
					revision,
					away: false,
					...(same ? {} : { threads }),
					...(calm ? {} : { faults }),
				});
			} catch (error) {
				if (signal.aborted) return;
				const gone = error instanceof ProviderError && error.status === 404;
				this.set({ away: !gone, revision: 0, ...(gone ? { threads: [] } : {}) });
				await new Promise((resolve) => setTimeout(resolve, pause));
			}
		}
	}

	/** Puts the phone away. */
	stop(): void {
		this.following.abort();
	}

	/** Takes another person's phone. */
	take(person: string): void {
		this.following.abort();
		this.following = new AbortController();
		this.store.update((state) => ({
			...newPhone(person, state.screen),
			integrations: state.integrations,
			faults: state.faults,
			entries: state.entries,
		}));
		void this.follow(person, this.following.signal);
	}

	private set(change: Partial<PhoneState>): void {
		this.store.update((state) => ({ ...state, ...change }));
	}

	/** Does something, and shows why where that does not work. */
	private async attempt<Answer>(action: string, body: object): Promise<Answer | undefined> {
		try {
			const answer = await this.provider.act<Answer>(this.store.value.person, action, body);
			this.set({ trouble: "" });
			return answer;
		} catch (error) {
			this.set({ trouble: error instanceof Error ? error.message : String(error) });
			return undefined;
		}
	}

	/** Looks at an app, or through the camera. */
	look(screen: Screen): void {
		this.set({ screen, trouble: "" });
	}

	/** Looks at the thread with an account. */
	choose(app: App, integration: string): void {
		this.store.update((state) => ({
			...state,
			screen: app,
			chosen: { ...state.chosen, [app]: integration },
		}));
	}

	/** Opens a link on the phone; whether it led anywhere. */
	async visit(url: string): Promise<boolean> {
		const visited = await this.attempt<Visited>("open", { url, start: "none" });
		if (!visited) return false;
		this.choose(visited.channel, visited.integration);
		if (visited.warning) this.set({ trouble: visited.warning });
		this.onVisit(visited);
		return true;
	}

	/** Sends a text; whether it went. */
	async send(integration: string, text: string): Promise<boolean> {
		return (await this.attempt<Message>("send", { integration, text })) !== undefined;
	}

	/** Sends a picture, with a text below it. */
	async sendPicture(integration: string, file: File, text: string): Promise<boolean> {
		const bytes = new Uint8Array(await file.arrayBuffer());
		let data = "";
		for (let at = 0; at < bytes.length; at += 0x8000)
			data += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
		const media = { kind: "image", data: btoa(data), mime_type: file.type, name: file.name };
		return (await this.attempt<Message>("send", { integration, text, media })) !== undefined;
	}

	/** Taps a button, of a message or of a thread that has not begun. */
	async tap(integration: string, button: Button, message?: Message): Promise<void> {
		if (button.kind === "url") {
			if (button.url) await this.visit(button.url);
			return;
		}
		await this.attempt("tap", { integration, message: message?.id ?? "", button: button.id });
	}

	/** Has seen everything in a thread. */
	async read(integration: string): Promise<void> {
		await this.attempt("read", { integration });
	}

	/** Reads what went over the wire last. */
	async readLog(): Promise<void> {
		try {
			const { calls, deliveries } = await this.provider.log(most);
			this.set({ entries: entries(calls, deliveries, this.store.value.integrations).slice(0, most) });
		} catch {
			// Following tells that nobody answers.
		}
	}

	/** Lets something go wrong from now on, or no longer. */
	async flip(one: Switch, on: boolean): Promise<void> {
		this.store.update((state) => ({ ...state, turning: { ...state.turning, [one]: on } }));
		try {
			await (on ? turnOn : turnOff)(this.provider, one, this.store.value.integrations);
			this.set({ faults: await this.provider.faults() });
		} catch (error) {
			this.set({ trouble: error instanceof Error ? error.message : String(error) });
		}
		this.store.update((state) => {
			const { [one]: _, ...turning } = state.turning;
			return { ...state, turning };
		});
	}
}
