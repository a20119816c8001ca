import type { LineJson } from "../../gen/weiche/widget/v1/widget_pb.js";
import { useChat, useChatState } from "../chat.js";
import { isAnswered } from "./answered.js";

/** The buttons below an agent's message, until the visitor has answered; nothing where it has none. */
export function QuickReplies({ line }: { line: LineJson }) {
	const { conversation } = useChat();
	const buttons = line.content?.parts?.flatMap((part) => part.buttons?.buttons ?? []) ?? [];
	const answered = useChatState((state) => buttons.length > 0 && isAnswered(state, line));
	if (buttons.length === 0 || answered || line.erased) return null;
	return (
		<div class="quick">
			{buttons.map((button) => (
				<button
					key={button.payload}
					type="button"
					class="button"
					dir="auto"
					onClick={() =>
						conversation.send({
							pressed: { messageId: line.messageId, buttonId: button.payload, title: button.title ?? "" },
						})
					}
				>
					{button.title}
				</button>
			))}
		</div>
	);
}
