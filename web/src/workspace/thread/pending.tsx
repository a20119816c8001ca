/** A message that is on its way to the server. */

import { Glyph } from "../../look/glyph.js";
import { Text } from "../../look/text.js";
import { capital, useConversation, useSpeech } from "./around.js";
import { restore } from "./draft.js";
import type { Pending } from "./outbox.js";

/** It stands at the end of the log until its line comes, or somebody takes it back. */
export function PendingMessage({ pending }: { pending: Pending }) {
	const { words, channel } = useSpeech();
	const { outbox, drafts } = useConversation();
	const { draft, standing, error } = pending;
	const edit = () => {
		const back = outbox.take(pending.token);
		if (!back) return;
		const { token, request } = back;
		// What may have been taken stays the same message as long as it says the same.
		const again = standing === "refused" ? back.draft : { ...back.draft, before: { token, request } };
		drafts.update((now) => restore(now, again, back.note));
		document.getElementById("composer-text")?.focus();
	};
	const stands = {
		sending: "",
		unanswered: `${words.refused[error] ?? words.refused.offline} ${words.triedAgain}`,
		unknown: words.unknown,
		refused: `${words.notSent} ${words.refused[error] ?? words.refusedOther}`,
	}[standing];
	const template = pending.request.content?.parts?.some((part) => part.template);
	return (
		<div class={`group own ${pending.note ? "note" : "agent"} pending`}>
			<p class="group-head">
				<bdi class="group-who">{capital(words.you)}</bdi>
				{!pending.note && <span class="channel">{words.via(channel(pending.channel))}</span>}
			</p>
			<article class={stands ? "message troubled" : "message"}>
				<div class="bubble-row">
					<div class="bubble">
						{draft.files.map((file) => (
							<p key={file.blobId} class="download">
								<Glyph name="file" />
								<bdi>{file.name}</bdi>
							</p>
						))}
						{draft.text && (
							<p class="said">
								<Text text={draft.text.trim()} />
							</p>
						)}
					</div>
				</div>
				{stands ? (
					<div class="trouble" role="alert">
						<p>{stands}</p>
						<div class="trouble-steps">
							<button type="button" class="button small" onClick={() => outbox.again(pending.token)}>
								{words.tryAgain}
							</button>
							{!template && (
								<button type="button" class="button small" onClick={edit}>
									{words.edit}
								</button>
							)}
						</div>
					</div>
				) : (
					<p class="message-foot">
						<span class="delivery sending">
							<Glyph name="clock" />
							{words.sending}
						</span>
					</p>
				)}
			</article>
		</div>
	);
}
