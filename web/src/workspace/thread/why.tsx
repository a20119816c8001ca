/** Why a reply went where it went, in words. */

import type { PassedOverJson } from "../../gen/weiche/event/v1/conversation_pb.js";
import type { AgentCommentJson } from "../../gen/weiche/view/v1/timeline_pb.js";
import { capital, useSpeech } from "./around.js";
import { codeText, errorText, isTroubled, reasonOf, stateOf } from "./delivery.js";

/** The route of a reply as it was written down. */
export function Why({ reply, id }: { reply: AgentCommentJson; id: string }) {
	const speech = useSpeech();
	const { words, name } = speech;
	const { route } = reply;
	if (!route) return null;
	const channel = capital(speech.channel(route.channel));
	const rule = (route.rule ?? "").slice("REPLY_RULE_".length);
	const within = speech.channel(route.channel);
	return (
		<section class="why" id={id} aria-label={words.why}>
			<p>
				{words.rule[rule]?.(rule === "FALLBACK" ? channel : within, name) ?? words.ruleUnknown(within)}
				{route.humanAgent && ` ${words.humanAgent}`}
			</p>
			{route.passedOver?.length ? (
				<>
					<h4>{words.passedOver}</h4>
					<ul>
						{route.passedOver.map((passed, at) => (
							<li key={at}>
								<Passed passed={passed} />
							</li>
						))}
					</ul>
				</>
			) : null}
			{reply.givenUp?.length ? (
				<>
					<h4>{words.givenUp}</h4>
					<ul>
						{reply.givenUp.map((given, at) => (
							<li key={at}>
								{capital(speech.channel(given.route?.channel))}
								{isTroubled(given) && `: ${words.state[stateOf(given)]}`}
								{given.error?.reason && `, ${errorText(given.error, speech)}`}{" "}
								<small>{codeText(given.error, speech)}</small>
							</li>
						))}
					</ul>
				</>
			) : null}
			{reply.changes?.length ? (
				<>
					<h4>{words.changes}</h4>
					<ul>
						{reply.changes.map((change) => (
							<li key={change}>{words.change[change.slice("FIT_CHANGE_".length)] ?? change}</li>
						))}
					</ul>
				</>
			) : null}
			<p class="soft">{words.routeVersion(route.routeVersion ?? "0")}</p>
		</section>
	);
}

function Passed({ passed }: { passed: PassedOverJson }) {
	const speech = useSpeech();
	const channel = capital(speech.channel(passed.channel));
	const why = errorText(passed.error, speech);
	return (
		<>
			{capital(speech.words.because[reasonOf(passed.reason)]?.(channel) ?? channel)}
			{why && ` (${why})`} <small>{codeText(passed.error, speech)}</small>
		</>
	);
}
