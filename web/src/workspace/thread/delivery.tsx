/** How far a reply came, in words, and what can be done where it did not arrive. */

import type { SendErrorJson } from "../../gen/weiche/event/v1/identity_pb.js";
import type { AgentCommentJson, TimelineItemJson } from "../../gen/weiche/view/v1/timeline_pb.js";
import { Glyph, type GlyphName } from "../../look/glyph.js";
import { clock } from "../../look/words.js";
import {
	capital,
	type Speech,
	useAttempt,
	useConversation,
	useMayWrite,
	useOf,
	useSpeech,
} from "./around.js";
import { repeated } from "./outbox.js";
import { isWidget } from "./reply.js";

/** The name of a state without what all have. */
export function stateOf(reply: { state?: string }): string {
	return (reply.state ?? "").slice("DELIVERY_STATE_".length) || "UNSPECIFIED";
}

const signs: Record<string, GlyphName> = {
	QUEUED: "clock",
	SENDING: "clock",
	SENT: "check",
	DELIVERED: "checks",
	READ: "checks",
	FAILED: "alert",
	UNKNOWN: "help",
};

/** Whether something is wrong with a reply. */
export function isTroubled(reply: { state?: AgentCommentJson["state"] }): boolean {
	return ["FAILED", "UNKNOWN"].includes(stateOf(reply));
}

/** A state as a sign, with its words where the pointer rests and for those who hear the page. */
export function DeliveryMark({ reply, spelled }: { reply: AgentCommentJson; spelled: boolean }) {
	const { words, language } = useSpeech();
	const state = stateOf(reply);
	const at = state === "READ" ? reply.readAt : state === "DELIVERED" ? reply.deliveredAt : undefined;
	const word = words.state[state] ?? state;
	const said = at ? words.stateAt(word, clock(language, new Date(at))) : word;
	const parts = reply.parts?.map((part, n) =>
		words.part(n + 1, reply.parts?.length ?? 0, words.state[stateOf(part)] ?? ""),
	);
	return (
		<span class={`delivery ${state.toLowerCase()}`} title={[said, ...(parts ?? [])].join("\n")}>
			<Glyph name={signs[state] ?? "clock"} />
			<span class={spelled ? "" : "hidden"}>{word}</span>
		</span>
	);
}

/** What the words of errors call the reasons that mean the same to an agent. */
const kinds: Record<string, string> = Object.fromEntries(
	Object.entries({
		window: "window_closed",
		rate: "rate_limited pair_rate_limited",
		gone: "no_such_user undeliverable unavailable needs_phone same_number",
		content: "unsupported_content",
		limited: "ecosystem_limited experiment",
		blocked: "blocked blocked_by_us",
		credentials: "token_refused no_permission not_registered development_mode messages_disabled bad_token",
		removed: "no_such_account integration_removed",
		restricted: "policy spam_limited restricted account_locked billing country",
		template: "template template_limited",
		media: "media_failed media_missing media_too_big",
		network: "network timeout connection_lost provider_error provider_unavailable no_id maintenance",
	}).flatMap(([kind, reasons]) => reasons.split(" ").map((reason) => [reason, kind])),
);

/** An error in words. */
export function errorText(error: SendErrorJson | undefined, { words }: Speech): string {
	const reason = error?.reason;
	return reason ? (words.errors[kinds[reason] ?? reason] ?? words.errorOther(reason)) : "";
}

/** The provider's codes; empty where it gave none. */
export function codeText(error: SendErrorJson | undefined, { words }: Speech): string {
	const code = [error?.code, error?.subcode].filter((one) => one && one !== "0").join("/");
	return code ? words.code(code) : "";
}

/** The reason of PassedOverReason without what all have. */
export function reasonOf(reason: string | undefined): string {
	return (reason ?? "").slice("PASSED_OVER_REASON_".length);
}

/** Why a reply went elsewhere than it was first meant for; empty where it did not. */
export function fallbackText(reply: AgentCommentJson, speech: Speech): string {
	const intended = reply.intendedIntegrationId;
	const passed = reply.route?.passedOver?.find((one) => one.reason !== "PASSED_OVER_REASON_NOT_NAMED");
	const rule = reply.route?.rule;
	const fell = rule === "REPLY_RULE_FALLBACK" || rule === "REPLY_RULE_WINDOW_CLOSED";
	if (!fell && (!intended || intended === reply.integrationId)) return "";
	const { words, channel } = speech;
	const from = channel(passed?.channel ?? reply.intendedChannel);
	const what = words.because[reasonOf(passed?.reason)]?.(capital(from)) ?? words.because.FAILED?.(from) ?? "";
	const why = errorText(passed?.error, speech);
	const because = why ? `${what}: ${why}` : what;
	const to = channel(reply.channel);
	return reply.channel === "widget" ? words.fellBack(to, because) : words.wentElsewhere(to, because);
}

/** What is wrong with a reply, and the next step. */
export function Trouble({ line, reply }: { line: TimelineItemJson; reply: AgentCommentJson }) {
	const speech = useSpeech();
	const { words } = speech;
	const conversation = useConversation();
	const attempt = useAttempt();
	const may = useMayWrite();
	const bindings = useOf((state) => state.timeline?.route.bindings);
	const channels = useOf((state) => state.channels);
	const channel = capital(speech.channel(reply.channel));
	const settle = (outcome: { arrived: true } | { sendAgain: true }) =>
		attempt(() => conversation.act("SettleOutcome", { messageId: line.messageId, ...outcome }));
	if (stateOf(reply) === "UNKNOWN") {
		return (
			<div class="trouble">
				<p>{words.unknownLong(channel)}</p>
				{may && (
					<div class="trouble-steps">
						<button type="button" class="button small" onClick={() => settle({ arrived: true })}>
							{words.arrived}
						</button>
						<button type="button" class="button small" onClick={() => settle({ sendAgain: true })}>
							{words.sendAgain}
						</button>
					</div>
				)}
			</div>
		);
	}
	const widget = bindings?.find(isWidget)?.integrationId;
	const bound = bindings?.some((binding) => binding.integrationId === reply.integrationId);
	const templates =
		bound && channels.find((one) => one.integrationId === reply.integrationId)?.limits?.templates;
	const send = (integrationId: string, to: string | undefined) => {
		const request = repeated(line.content, integrationId);
		if (!request) return;
		const text = line.content?.parts?.find((part) => part.text)?.text?.body ?? "";
		void conversation.outbox.send(
			{ text, files: [], buttons: [], answers: "" },
			{ note: false, channel: to ?? "", pinned: integrationId, seen: "", strict: false },
			request,
		);
	};
	const again = repeated(line.content, "") !== undefined;
	return (
		<div class="trouble">
			<p>
				{words.notArrived(channel)} {capital(errorText(reply.error, speech))}
				{reply.error?.reason ? "." : ""} <small>{codeText(reply.error, speech)}</small>
			</p>
			{may && (
				<div class="trouble-steps">
					{bound && again && (
						<button
							type="button"
							class="button small"
							onClick={() => send(reply.integrationId ?? "", reply.channel)}
						>
							{words.retry}
						</button>
					)}
					{widget && again && widget !== reply.integrationId && (
						<button type="button" class="button small" onClick={() => send(widget, "widget")}>
							{words.sendInWeb}
						</button>
					)}
					{templates && (
						<button
							type="button"
							class="button small"
							onClick={() => conversation.templates.update(() => reply.integrationId ?? "")}
						>
							{words.useTemplate}
						</button>
					)}
				</div>
			)}
		</div>
	);
}
