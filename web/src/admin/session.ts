/** Who is at the page. */

import { CallError, type Caller } from "../api/call.js";
import type { GetMeResponseJson } from "../gen/weiche/workspace/v1/workspace_pb.js";
import { Store } from "../look/store.js";

/** How a session stands. */
export interface SessionState {
	/** ended: somebody was in, and the page waits for them with what they have typed. */
	status: "opening" | "failed" | "out" | "in" | "ended";
	me?: GetMeResponseJson;
}

const access = "weiche.workspace.v1.AccessService/";

/** Session is the session of the page's cookie, which the workspace shares. */
export class Session extends Store<SessionState> {
	constructor(private readonly caller: Caller) {
		super({ status: "opening" });
	}

	/** Finds out who is here. Where that is somebody else than before, the page is loaded anew. */
	async open(): Promise<void> {
		try {
			const me = await this.caller.call<object, GetMeResponseJson>(
				"weiche.workspace.v1.WorkspaceService/GetMe",
				{},
			);
			const before = this.value.me?.agent?.agentId;
			if (before && before !== me.agent?.agentId) return location.reload();
			this.update(() => ({ status: "in", me }));
		} catch (error) {
			if (error instanceof CallError && error.code === "unauthenticated") this.end();
			else this.update((before) => (before.me ? before : { status: "failed" }));
		}
	}

	/** It has ended; what is on the page stays. */
	end(): void {
		this.update((before) => ({ ...before, status: before.me ? "ended" : "out" }));
	}

	/** Logs in by a password. Throws CallError. */
	async logIn(login: string, password: string): Promise<void> {
		await this.caller.call(`${access}LogIn`, { login, password });
		await this.open();
	}

	/** Logs out. */
	async logOut(): Promise<void> {
		await this.caller.call(`${access}LogOut`, {});
		this.update(() => ({ status: "out" }));
	}
}
