/** Who the visitor is to the server. */

import { CallError, Caller, type CallOptions } from "../api/call.js";
import type {
	OpenSessionRequestJson,
	OpenSessionResponseJson,
	WidgetJson,
} from "../gen/weiche/widget/v1/widget_pb.js";
import type { VisitorToken } from "../loader/element.js";
import type { Kept } from "./kept.js";
import { whoIs } from "./signin.js";

/** What a session tells the chat that it is of. */
export interface Ears {
	/** It was opened, and this is the widget. */
	opened(widget: WidgetJson | undefined): void;
	/** Whoever was here before has left: nothing of theirs waits any more. */
	forgotten(): void;
	/** It is another one than before, by this page or another tab: all is read anew. */
	changed(): Promise<void>;
}

const gone = () => new CallError("canceled", "", "the visitor has left");

/** Session is that of the visitor on this device. It is opened by the first call, and again where it has ended. */
export class Session {
	private readonly caller: Caller;
	private opening: Promise<void> | undefined;
	/** Gives the site's word for who the visitor is, where it has signed them in. */
	private visitor: VisitorToken | undefined;
	/** Counts how often a visitor has left: what is under way for one is not done for the next. */
	private left = 0;
	private readonly stopWatching: () => void;

	/**
	 * @param origin the server
	 * @param widget the widget's id
	 * @param kept what is on this device
	 */
	constructor(
		origin: string,
		private readonly widget: string,
		private readonly kept: Kept,
		private readonly ears: Ears,
	) {
		this.caller = new Caller(origin, () => kept.token);
		this.stopWatching = kept.watch((ended) => {
			if (ended) this.left++;
			this.opening = undefined;
			void ears.changed();
		});
	}

	/** Whether somebody has chatted on this device. */
	get known(): boolean {
		return this.kept.token !== "";
	}

	/** The header Authorization, or nothing. */
	get authorization(): Record<string, string> {
		return this.caller.authorization;
	}

	/** Calls a method of the widget's service. Throws CallError. */
	async call<Request, Response>(method: string, request: Request, options?: CallOptions): Promise<Response> {
		const opens = method === "OpenSession";
		if (!this.known && !opens) await this.open();
		const { token } = this.kept;
		const { left } = this;
		try {
			return await this.caller.call(`weiche.widget.v1.WidgetService/${method}`, request, options);
		} catch (cause) {
			if (!(cause instanceof CallError) || cause.code !== "unauthenticated" || opens) throw cause;
			// The session has ended elsewhere: a new one, as on a new device.
			if (this.kept.token === token) {
				this.kept.token = "";
				await this.open();
				void this.ears.changed();
			}
			if (left !== this.left) throw cause;
			return await this.caller.call(`weiche.widget.v1.WidgetService/${method}`, request, options);
		}
	}

	/**
	 * Opens it: of whom the site says that the visitor is, where it has signed them in.
	 * What another one has left on this device is forgotten.
	 */
	open(): Promise<void> {
		const opening = this.opening ?? this.enter();
		this.opening = opening;
		return opening.finally(() => {
			if (this.opening === opening) this.opening = undefined;
		});
	}

	/** Lets the visitor in as whom the site says that they are, from here on. */
	async signIn(visitor: VisitorToken): Promise<void> {
		await this.opening?.catch(() => {});
		const before = this.visitor;
		this.visitor = visitor;
		try {
			await this.open();
		} catch (cause) {
			this.visitor = before;
			throw cause;
		}
		await this.ears.changed();
	}

	/** Ends it: this device knows nothing of the visitor any more. */
	async signOut(): Promise<void> {
		const ending = this.known && this.call("EndSession", {}).catch(() => {});
		this.visitor = undefined;
		this.forget();
		this.opening = undefined;
		await this.ears.changed();
		await ending;
	}

	/** Listens to other tabs no more. */
	close(): void {
		this.stopWatching();
	}

	private async enter(): Promise<void> {
		let { left } = this;
		const visitorToken = await this.word();
		if (left !== this.left) throw gone();
		const who = whoIs(visitorToken);
		// Whoever was not signed in before is the one who signs in now.
		if (this.kept.who && this.kept.who !== who) this.forget();
		left = this.left;
		const before = this.kept.token;
		const answer = await this.call<OpenSessionRequestJson, OpenSessionResponseJson>("OpenSession", {
			widgetId: this.widget,
			visitorToken,
		});
		if (left !== this.left) throw gone();
		// Another tab was quicker: they have one conversation.
		if (!visitorToken && this.kept.token && this.kept.token !== before) return;
		this.kept.who = who;
		this.kept.token = answer.sessionToken ?? "";
		this.ears.opened(answer.widget);
	}

	/** The site's word for who the visitor is, where it has signed them in. */
	private async word(): Promise<string | undefined> {
		try {
			return await this.visitor?.();
		} catch (cause) {
			throw new CallError("unauthenticated", "", String(cause));
		}
	}

	private forget(): void {
		this.left++;
		this.kept.forget();
		this.ears.forgotten();
	}
}
