/** All that is drawn in the panel, which comes with its first opening. */

import { render } from "preact";
import tokens from "../look/tokens.css" with { type: "text" };
import { Attachments } from "./attachments/attachments.js";
import { type Chat, ChatContext } from "./chat.js";
import { Panel } from "./dialog.js";
import type { Drawing, Drawn } from "./drawn.js";
import styles from "./widget.css" with { type: "text" };
import { words } from "./words.js";

/** From here on there is room for a panel beside the page. */
const small = "(max-width: 479.98px), (max-height: 479.98px)";

/** Draws the panel, beside the launcher. */
export function draw({ frame, conversation, language, close }: Drawing): Drawn {
	const { root, launcher } = frame;
	const shadow = root.getRootNode() as ShadowRoot;
	const sheet = new CSSStyleSheet();
	// The page's styles reach the element itself, so the tokens are those of what is within.
	sheet.replaceSync(tokens.replaceAll(":host", ".root") + styles);
	shadow.adoptedStyleSheets = [...shadow.adoptedStyleSheets, sheet];

	const attachments = new Attachments(conversation);
	const room = matchMedia(small);
	const place = document.createElement("div");
	root.append(place);
	let speaks = language;
	let said = "";
	const again = () => {
		const chat: Chat = {
			conversation,
			attachments,
			language: speaks,
			words: words[speaks],
			page: !launcher,
			full: room.matches,
			close,
			announce,
		};
		render(
			<ChatContext.Provider value={chat}>
				<Panel announcement={said} />
			</ChatContext.Provider>,
			place,
		);
	};
	const announce = (text: string) => {
		said = text;
		// Whoever announces may be just being drawn: drawing does not begin within itself.
		queueMicrotask(() => place.isConnected && again());
	};
	room.addEventListener("change", again);
	again();
	return {
		speak(language) {
			speaks = language;
			again();
		},
		remove() {
			room.removeEventListener("change", again);
			attachments.close();
			render(null, place);
		},
	};
}
