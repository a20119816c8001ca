/** The reactions to a message. */

import type { TimelineItemJson } from "../../gen/weiche/view/v1/timeline_pb.js";
import { useTeam } from "../workspace.js";
import { capital, useAttempt, useConversation, useMayWrite, useSpeech } from "./around.js";

/** Each reaction with who reacted; one's own can be taken back. */
export function Reactions({ line }: { line: TimelineItemJson }) {
	const { words, name, agent } = useSpeech();
	const conversation = useConversation();
	const attempt = useAttempt();
	const may = useMayWrite();
	const me = useTeam()?.me.agent?.agentId;
	const shown = line.reactions?.filter((one) => one.emoji) ?? [];
	if (shown.length === 0) return null;
	return (
		<ul class="reactions" aria-label={words.reactions}>
			{shown.map((one, at) => {
				const emoji = one.emoji ?? "";
				const who = one.byBusiness || one.agentId ? capital(agent(one.agentId)) : name;
				const said = words.reactionOf(who, emoji);
				return (
					<li key={at}>
						{may && one.agentId && one.agentId === me ? (
							<button
								type="button"
								class="reaction"
								title={words.unreact(emoji)}
								aria-label={`${said}. ${words.unreact(emoji)}`}
								onClick={() =>
									attempt(() => conversation.act("React", { messageId: line.messageId, emoji: "" }))
								}
							>
								{emoji}
							</button>
						) : (
							<span class="reaction" role="img" title={said} aria-label={said}>
								{emoji}
							</span>
						)}
					</li>
				);
			})}
		</ul>
	);
}
