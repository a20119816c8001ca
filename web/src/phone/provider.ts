/** The simulated providers, as their control API shows them. */

/** The apps on a phone, which are channels. */
export const apps = ["whatsapp", "messenger", "instagram"] as const;
export type App = (typeof apps)[number];

/** Hosts whose links open an app of the phone. */
export const appHosts = ["wa.me", "m.me", "ig.me"];

/** Something to tap in a message. */
export interface Button {
	id: string;
	title: string;
	kind: "reply" | "row" | "button" | "postback" | "quick_reply" | "url";
	url?: string;
	description?: string;
}

/** A file of a message. */
export interface Medium {
	id: string;
	kind: string;
	mime_type: string;
	name?: string;
	size: number;
}

/** A message as the phone shows it. */
export interface Message {
	id: string;
	from: "person" | "business";
	type: string;
	text?: string;
	buttons?: Button[];
	reply_to?: string;
	state?: string;
	media?: Medium[];
	reaction?: string;
	business_reaction?: string;
	edits?: number;
	deleted?: boolean;
	at: string;
}

/** A conversation of a person with one account of a business. */
export interface Thread {
	integration: string;
	channel: App;
	account: string;
	draft?: string;
	starters?: Button[];
	unread: number;
	typing?: boolean;
	messages: Message[];
}

/** An account of a business. */
export interface Integration {
	id: string;
	channel: App;
	account: string;
	link: string;
}

/** A rule by which something goes wrong. */
export interface Fault {
	id: string;
	kind: string;
	integration?: string;
	copies?: number;
	delay?: string;
	code?: number;
	subcode?: number;
	fired?: number;
}

/** A call of the Graph API with its answer. */
export interface Call {
	number: number;
	at: string;
	method: string;
	path: string;
	query?: string;
	body?: string;
	status: number;
	answer?: string;
	fault?: string;
}

/** A webhook with its attempts. */
export interface Delivery {
	id: number;
	integrations: string[];
	events: string[];
	state: "in_flight" | "waiting" | "delivered" | "given_up";
	at: string;
	body: string;
	signature: string;
	tries: number;
	attempts: { at: string; status: number; error?: string; took_ms: number }[] | null;
}

/** What a phone shows after a link was opened on it. */
export interface Visited {
	integration: string;
	channel: App;
	warning?: string;
}

/** ProviderError is what the control API says where it refuses. */
export class ProviderError extends Error {
	constructor(
		/** The status of the answer; 0 where nothing answered. */
		readonly status: number,
		message: string,
	) {
		super(message);
	}
}

/** How long one request waits for something to happen, in seconds. */
const patience = 20;

/** Provider calls the control API of the page's own origin. */
export class Provider {
	private async ask<Answer>(
		method: string,
		path: string,
		body?: unknown,
		signal?: AbortSignal,
	): Promise<Answer> {
		let answer: Response;
		let said: unknown;
		try {
			answer = await fetch(`/sim/${path}`, {
				method,
				...(body === undefined ? {} : { body: JSON.stringify(body) }),
				...(signal ? { signal } : {}),
			});
			said = await answer.json();
		} catch (cause) {
			if (signal?.aborted) throw cause;
			throw new ProviderError(0, String(cause));
		}
		if (answer.ok) return said as Answer;
		throw new ProviderError(answer.status, (said as { error?: string }).error ?? answer.statusText);
	}

	/** What a person sees, once the revision is over one, or after a while as it is. */
	threads(
		person: string,
		after: number,
		signal: AbortSignal,
	): Promise<{ revision: number; threads: Thread[] }> {
		const wait = after > 0 ? `?after=${after}&timeout=${patience}s` : "";
		return this.ask("GET", `people/${encodeURIComponent(person)}/threads${wait}`, undefined, signal);
	}

	/** Does something on a person's phone. */
	act<Answer>(person: string, action: string, body: object): Promise<Answer> {
		return this.ask("POST", `people/${encodeURIComponent(person)}/${action}`, body);
	}

	/** Everybody's names. */
	async people(): Promise<string[]> {
		const { people } = await this.ask<{ people: { name: string }[] }>("GET", "people");
		return people.map((one) => one.name);
	}

	/** Makes a person with a phone. */
	async addPerson(name: string): Promise<void> {
		await this.ask("POST", "people", { name });
	}

	async integrations(): Promise<Integration[]> {
		return (await this.ask<{ integrations: Integration[] }>("GET", "integrations")).integrations;
	}

	async faults(): Promise<Fault[]> {
		return (await this.ask<{ faults: Fault[] }>("GET", "faults")).faults;
	}

	addFault(fault: Fault): Promise<Fault> {
		return this.ask("POST", "faults", fault);
	}

	async removeFault(id: string): Promise<void> {
		await this.ask("DELETE", `faults/${encodeURIComponent(id)}`);
	}

	/** The newest calls and webhooks. */
	async log(limit: number): Promise<{ calls: Call[]; deliveries: Delivery[] }> {
		const [calls, deliveries] = await Promise.all([
			this.ask<{ calls: Call[] }>("GET", `calls?limit=${limit}`),
			this.ask<{ deliveries: Delivery[] }>("GET", `deliveries?limit=${limit}`),
		]);
		return { calls: calls.calls, deliveries: deliveries.deliveries };
	}
}
