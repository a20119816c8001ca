/** All that is drawn in the panel, which comes with its first opening. */

import { render } from "preact";
import { Store, useStore } from "../look/store.js";
import tokens from "../look/tokens.css" with { type: "text" };
import type { Language } from "../look/words.js";
import { Attachments } from "./attachments/attachments.js";
import { type Chat, ChatContext } from "./chat.js";
import { Panel } from "./dialog.js";
import type { Drawing, Drawn } from "./drawn.js";
import styles from "./widget.css" with { type: "text" };
import { english, type WidgetWords } from "./words.js";

/** From here on there is room for a panel beside the page. */
const small = "(max-width: 479.98px), (max-height: 479.98px)";

/** What the chat says in a language: German comes when it is needed. */
async function wordsOf(language: Language): Promise<WidgetWords> {
	return language === "de" ? (await import("./words.de.js")).german : english;
}

/** Draws the panel, beside the launcher. Throws where its words could not be loaded. */
export async function draw({ frame, conversation, language, close }: Drawing): Promise<Drawn> {
	let words = await wordsOf(language);
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
	const chat = (): Chat => ({
		conversation,
		attachments,
		language,
		words,
		page: !launcher,
		full: room.matches,
		close,
		announce: (text) => said.update(() => text),
	});
	const said = new Store("");
	const now = new Store(chat());
	const again = () => now.update(chat);
	let wanted = language;
	room.addEventListener("change", again);
	render(<Whole chat={now} said={said} />, place);
	return {
		speak(other) {
			if (other === wanted) return;
			wanted = other;
			wordsOf(other).then(
				(said) => {
					if (other !== wanted) return;
					[language, words] = [other, said];
					again();
				},
				() => {}, // it goes on in the language that it has
			);
		},
		remove() {
			room.removeEventListener("change", again);
			attachments.close();
			render(null, place);
		},
	};
}

/** The panel, in the chat as it is now, with what is said to those who hear the page. */
function Whole({ chat, said }: { chat: Store<Chat>; said: Store<string> }) {
	return (
		<ChatContext.Provider value={useStore(chat, (now) => now)}>
			<Panel announcement={useStore(said, (text) => text)} />
		</ChatContext.Provider>
	);
}
