/** Calls of the API: Connect's unary calls with JSON, over fetch. */

import type { ErrorInfoJson } from "../gen/weiche/error/v1/error_pb.js";

/** CallError is what a call that was refused, or did not arrive, ends with. */
export class CallError extends Error {
	constructor(
		/** Connect's code, such as not_found; "offline" where nothing answered. */
		readonly code: string,
		/** A name of weiche.error.v1.Reason; empty where there is none. */
		readonly reason: string,
		message: string,
		readonly metadata: Record<string, string> = {},
	) {
		super(message);
	}

	/** Whether the same call again may succeed: nothing answered, or the server could not. */
	get mayPass(): boolean {
		return [
			"offline",
			"unavailable",
			"deadline_exceeded",
			"resource_exhausted",
			"internal",
			"unknown",
		].includes(this.code);
	}
}

/** What a caller says beside the request. */
export interface CallOptions {
	signal?: AbortSignal;
	/** Milliseconds after which the call is given up; 20,000 if not said. */
	patience?: number;
}

/** Call makes calls to one server, by one session. */
export class Caller {
	/**
	 * @param origin the server, such as https://chat.example; empty for that of the page
	 * @param token the token of the session; none where the page's cookie says who calls
	 */
	constructor(
		readonly origin: string,
		readonly token: () => string = () => "",
	) {}

	/** The header Authorization, or nothing. */
	get authorization(): Record<string, string> {
		const token = this.token();
		return token ? { Authorization: `Bearer ${token}` } : {};
	}

	/** Calls a method, such as weiche.widget.v1.WidgetService/SendMessage. Throws CallError. */
	async call<Request, Response>(
		method: string,
		request: Request,
		options: CallOptions = {},
	): Promise<Response> {
		const late = AbortSignal.timeout(options.patience ?? 20_000);
		try {
			const answer = await fetch(`${this.origin}/${method}`, {
				method: "POST",
				headers: {
					"Content-Type": "application/json",
					"Connect-Protocol-Version": "1",
					...this.authorization,
				},
				body: JSON.stringify(request),
				signal: options.signal ? AbortSignal.any([options.signal, late]) : late,
				credentials: this.origin ? "omit" : "same-origin",
			});
			if (answer.ok) return (await answer.json()) as Response;
			throw await failure(answer);
		} catch (cause) {
			if (cause instanceof CallError || options.signal?.aborted) throw cause;
			throw new CallError("offline", "", String(cause));
		}
	}
}

/** Makes the error of an answer that is none. */
export async function failure(answer: globalThis.Response): Promise<CallError> {
	try {
		const said = (await answer.json()) as {
			code?: string;
			message?: string;
			details?: { type?: string; debug?: ErrorInfoJson }[];
		};
		const info = said.details?.find((detail) => detail.type?.endsWith("ErrorInfo"))?.debug;
		return new CallError(
			said.code ?? "unknown",
			info?.reason ?? "",
			said.message ?? "",
			info?.metadata ?? {},
		);
	} catch {
		return new CallError(
			answer.status >= 500 ? "unavailable" : "unknown",
			"",
			`${answer.status} ${answer.statusText}`,
		);
	}
}

/** A new client token: the same call again with it does nothing twice. */
export function clientToken(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
		byte.toString(16).padStart(2, "0"),
	).join("");
}
