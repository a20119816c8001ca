import { Text } from "../look/text.js";
import { useChat, useChatState } from "./chat.js";
import { textOf } from "./header.js";

/** What the business says before the first message: a greeting, and that nobody is there. */
export function Greeting() {
	const { words, language } = useChat();
	const widget = useChatState((state) => state.widget);
	if (!widget) return null;
	const { greeting, away } = widget.appearance ?? {};
	const isAway = Date.parse(widget.awayUntil ?? "") > Date.now();
	return (
		<div class="greeting">
			<p class="hello">
				<Text text={textOf(greeting, language, widget) || words.greeting} />
			</p>
			{isAway && (
				<p class="isaway">
					<Text text={textOf(away, language, widget) || words.away} />
				</p>
			)}
		</div>
	);
}
