/** Who is at a page of ours. */

import { CallError, type Caller, type CallOptions } from "../api/call.js";
import { coalesce } from "../api/coalesce.js";
import type { GetMeResponseJson } from "../gen/weiche/workspace/v1/workspace_pb.js";
import { Store } from "./held.js";

/** Who is in, and whatever else a page knows of them from the beginning. */
export interface Who {
	me: GetMeResponseJson;
}

/** SessionState is how a session stands. */
export interface SessionState<W extends Who> {
	/**
	 * opening: nobody knows yet. failed: the server could not say. out: nobody has logged
	 * in. in: somebody has. ended: somebody had, and the page waits for them to come back.
	 */
	status: "opening" | "failed" | "out" | "in" | "ended";
	/** Who is in, or was. */
	who?: W;
}

const access = "weiche.workspace.v1.AccessService";

/** Session is the session of the page's cookie, which all pages of a browser share. */
export class Session<W extends Who> extends Store<SessionState<W>> {
	/** The page is about to be another one. */
	private left = false;

	/**
	 * @param home where the page is when nobody is in
	 * @param read finds out who is here; throws CallError
	 */
	constructor(
		private readonly caller: Pick<Caller, "call">,
		private readonly home: string,
		private readonly read: (caller: Pick<Caller, "call">) => Promise<W>,
	) {
		super({ status: "opening" });
	}

	/** Finds out who is here. Where that is somebody else than before, the page is loaded anew. */
	readonly open = coalesce(async () => {
		try {
			const who = await this.read(this.caller);
			const before = this.value.who?.me;
			if (before && before.agent?.agentId !== who.me.agent?.agentId)
				return this.leave(() => location.reload());
			this.update(() => ({ status: "in", who }));
		} catch (error) {
			if (isEnd(error)) this.end();
			else this.update((now) => (now.who ? now : { status: "failed" }));
		}
	});

	/** It has ended: what is on the page stays there for who comes back. */
	end(): void {
		this.update((now) => ({ ...now, status: now.who ? "ended" : "out" }));
	}

	/**
	 * Calls a method. Throws CallError; where the session has ended, the page asks to log in
	 * as well. Nothing is asked from then on until the same person is back: the cookie may
	 * be that of somebody else by now, who would say what another has typed.
	 */
	async call<Request, Response>(method: string, request: Request, options?: CallOptions): Promise<Response> {
		if (this.left || this.value.status === "ended")
			throw new CallError("unauthenticated", "REASON_UNAUTHENTICATED", "the session has ended");
		try {
			return await this.caller.call<Request, Response>(method, request, options);
		} catch (error) {
			if (isEnd(error)) this.end();
			throw error;
		}
	}

	/** Logs in by a password. Throws CallError. */
	async logIn(login: string, password: string): Promise<void> {
		await this.caller.call(`${access}/LogIn`, { login, password });
		await this.open();
	}

	/** Logs out: nothing of the session stays on the page. Throws CallError. */
	async logOut(): Promise<void> {
		await this.caller.call(`${access}/LogOut`, {});
		this.leave(() => location.assign(this.home));
	}

	/** Goes once nothing of whoever was here is on the page: what they had typed asks nobody to stay. */
	private leave(go: () => void): void {
		this.left = true;
		this.update(() => ({ status: "opening" }));
		setTimeout(go);
	}
}

/** Asks the server who is here. Throws CallError. */
export function whoIsHere(caller: Pick<Caller, "call">): Promise<GetMeResponseJson> {
	return caller.call<object, GetMeResponseJson>("weiche.workspace.v1.WorkspaceService/GetMe", {});
}

function isEnd(error: unknown): boolean {
	return error instanceof CallError && error.reason === "REASON_UNAUTHENTICATED";
}
