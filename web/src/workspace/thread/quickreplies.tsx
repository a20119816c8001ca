/** The buttons that a customer may answer with. */

import { Glyph } from "../../look/glyph.js";
import { useConversation, useSpeech } from "./around.js";
import { type Draft, write } from "./draft.js";

/** So many a question can have, and so long each can be. */
const most = 13;
const longest = 80;

/** A field for each of them. */
export function QuickReplies({ draft, most: fits }: { draft: Draft; most: number }) {
	const { words } = useSpeech();
	const { drafts } = useConversation();
	const put = (buttons: string[]) => drafts.update((now) => write(now, { buttons }, ""));
	return (
		<fieldset class="quick-replies">
			<legend>{words.quickReplies}</legend>
			{draft.buttons.map((title, at) => (
				<input
					key={at}
					class="input"
					dir="auto"
					size={fits > 0 && fits < 24 ? fits : 20}
					maxLength={longest}
					aria-label={words.quickReply(at + 1)}
					value={title}
					onInput={(event) => {
						const text = event.currentTarget.value;
						put(draft.buttons.map((one, of) => (of === at ? text : one)));
					}}
				/>
			))}
			{draft.buttons.length < most && (
				<button
					type="button"
					class="button plain icon small"
					aria-label={words.addQuickReply}
					title={words.addQuickReply}
					onClick={() => put([...draft.buttons, ""])}
				>
					<Glyph name="plus" />
				</button>
			)}
			<button
				type="button"
				class="button plain icon small"
				aria-label={words.removeQuickReplies}
				title={words.removeQuickReplies}
				onClick={() => put([])}
			>
				<Glyph name="close" />
			</button>
		</fieldset>
	);
}
