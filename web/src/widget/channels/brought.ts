/** What a visitor says of a link whose code was brought. */

import { CallError, clientToken } from "../../api/call.js";
import type {
	CancelLinkRequestJson,
	ConfirmLinkRequestJson,
	LinkJson,
} from "../../gen/weiche/widget/v1/widget_pb.js";
import { channelName } from "../../look/words.js";
import type { Conversation } from "../conversation.js";
import type { MenuWords } from "./menuwords.js";

/**
 * Says that it was the visitor who brought the code, or ends the link. The stream tells how
 * it stands then. Returns whether that was taken: what was not can be said again.
 */
export async function answer(
	conversation: Conversation,
	method: "ConfirmLink" | "CancelLink",
	{ linkId }: LinkJson,
): Promise<boolean> {
	const request: ConfirmLinkRequestJson | CancelLinkRequestJson = { linkId, clientToken: clientToken() };
	try {
		await conversation.call(method, request);
		return true;
	} catch (cause) {
		if (!(cause instanceof CallError)) throw cause;
		return false;
	}
}

/** The end of a number, as far as it is shown. */
const digits = /^\d+$/;

/** An account of the visitor's, by what they know of it. */
export function accountOf(app: string, hint: string, said: MenuWords): string {
	return digits.test(hint) ? said.number(app, hint) : said.account(app, hint);
}

/** Who brought the code, and what there is to do now. */
export function question({ channel = "", hint, asks }: LinkJson, said: MenuWords): string {
	const app = channelName(channel, "");
	const who = hint && accountOf(app, hint, said);
	if (asks) return `${said.isThisYou} ${who || app}`;
	return [who && `${who}.`, said.confirmThere(app)].filter(Boolean).join(" ");
}
