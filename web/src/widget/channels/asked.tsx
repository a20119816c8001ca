import type { LinkJson } from "../../gen/weiche/widget/v1/widget_pb.js";
import { useChat, useChatState } from "../chat.js";
import { broughtLink } from "../state.js";
import { answer, question } from "./brought.js";

/**
 * What there is to say of a link whose code was brought, for those who are back in the
 * chat by then; nothing where there is none.
 */
export function Asked() {
	const { conversation, words } = useChat();
	const link = useChatState(broughtLink);
	const here = useChatState((state) => state.view.name === "conversation");
	const said = words.menu;
	const shown = here ? link : undefined;
	const say = (method: "ConfirmLink" | "CancelLink", link: LinkJson) => (event: MouseEvent) => {
		// The button goes, and whoever goes by keys would be nowhere.
		const chat = (event.currentTarget as Element).getRootNode() as ShadowRoot;
		chat.querySelector<HTMLElement>("[role=log]")?.focus();
		void answer(conversation, method, link);
	};
	return (
		<div class={shown ? "asked" : undefined}>
			<p role="status">{shown && question(shown, said)}</p>
			{shown && (
				<div class="ways">
					{shown.asks && (
						<button type="button" class="button primary" onClick={say("ConfirmLink", shown)}>
							{said.itIsMe}
						</button>
					)}
					<button type="button" class="button" onClick={say("CancelLink", shown)}>
						{shown.asks ? said.itIsNotMe : said.cancel}
					</button>
				</div>
			)}
		</div>
	);
}
