/** What went wrong, in words. */

import { CallError } from "../api/call.js";
import type { AdminWords } from "./words.js";

/** Says why a call was not carried out. */
export function problemOf(words: AdminWords, error: unknown): string {
	if (!(error instanceof CallError)) return words.problem.unknown;
	if (error.metadata.provider)
		return providerProblem(words, error.metadata.provider, error.metadata.provider_code);
	switch (error.reason) {
		case "REASON_FORBIDDEN":
			return words.problem.forbidden;
		case "REASON_NOT_FOUND":
			return words.problem.gone;
		case "REASON_SETTINGS_CHANGED":
			return words.problem.changed;
		case "REASON_TAKEN":
			return words.problem.taken;
		case "REASON_RATE_LIMITED":
			return words.problem.tooMany;
		case "REASON_INVALID":
			return words.problem.invalid(error.message);
	}
	if (error.code === "unauthenticated") return words.problem.loggedOut;
	if (error.code === "offline") return words.problem.offline;
	return error.mayPass ? words.problem.passing : words.problem.unknown;
}

/** Says what a provider means by our word for it, with its own code. */
export function providerProblem(words: AdminWords, reason: string, code = ""): string {
	const known = words.provider as Record<string, string>;
	const said = known[reason] ?? words.provider.other;
	return code && code !== "0" ? `${said} ${words.providerCode(code)}` : said;
}

/** The field of the form at fault, by our word for what the provider said. */
export function faultyField(error: unknown): string {
	if (!(error instanceof CallError)) return "";
	switch (error.metadata.provider) {
		case "token_refused":
		case "no_token":
		case "no_permission":
			return "accessToken";
		case "no_such_account":
		case "not_registered":
			return "providerAccountId";
		case "other_owner":
			return "owner";
	}
	return "";
}
