import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Sign } from "../look/sign.js";
import { useStore } from "../look/store.js";
import { channelName } from "../look/words.js";
import { AttachButton } from "./attachments/button.js";
import { AttachmentTray } from "./attachments/tray.js";
import { useChat, useChatState } from "./chat.js";
import { isSocial } from "./state.js";

/** So many characters the server takes. */
const most = 4096;
/** From so many on, the visitor is told how many are left. */
const near = 3800;

/** Where the visitor writes. Its text is kept until it was sent. */
export function Composer() {
	const { conversation, attachments, words, page } = useChat();
	const text = useStore(conversation.draft, (typed) => typed);
	const field = useRef<HTMLTextAreaElement>(null);
	const files = useStore(attachments.store, (all) => all);
	const repliesTo = useChatState((state) => state.repliesTo);
	const left = most - [...text].length;
	const ready = left >= 0 && attachments.settled && (text.trim() !== "" || files.chosen.length > 0);

	const open = useChatState((state) => state.open);
	useLayoutEffect(() => grow(field.current), [text]);
	// While the panel is closed nothing has a height: it is shown after what is in it was drawn.
	// And on a phone that is turned lines break elsewhere.
	useEffect(() => {
		if (!open) return;
		const regrow = () => grow(field.current);
		regrow();
		addEventListener("resize", regrow);
		return () => removeEventListener("resize", regrow);
	}, [open]);
	useLayoutEffect(() => {
		// The panel may have been opened before there was anything to write in.
		const within = (field.current?.getRootNode() as ShadowRoot | undefined)?.activeElement;
		if (!page && conversation.store.value.open && (!within || within.nodeName === "DIALOG"))
			field.current?.focus();
		return () => conversation.typing(false);
	}, []);

	const write = (value: string) => {
		conversation.draft.update(() => value);
		conversation.typing(value.trim() !== "");
	};
	const send = () => {
		if (!ready) return;
		conversation.send({ text: text.trim(), attachments: attachments.take() });
		conversation.draft.update(() => "");
		field.current?.focus();
	};
	return (
		<form
			class="composer"
			onSubmit={(event) => {
				event.preventDefault();
				send();
			}}
		>
			{isSocial(repliesTo) && <p class="route">{words.repliesTo(channelName(repliesTo, words.web))}</p>}
			<AttachmentTray />
			<div class="write">
				<AttachButton />
				<textarea
					ref={field}
					class="text"
					rows={1}
					dir={text ? "auto" : undefined}
					aria-label={words.message}
					placeholder={words.placeholder}
					aria-describedby={left <= most - near ? "left" : undefined}
					aria-invalid={left < 0}
					value={text}
					onInput={(event) => write(event.currentTarget.value)}
					onBlur={() => conversation.typing(false)}
					onKeyDown={(event) => {
						// An input method takes Enter for itself; some say so by the code only.
						if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
						event.preventDefault();
						send();
					}}
					onPaste={(event) => {
						const pasted = [...(event.clipboardData?.files ?? [])];
						if (pasted.length === 0) return;
						event.preventDefault();
						attachments.add(pasted);
					}}
				/>
				<button
					type="submit"
					class="tool send"
					aria-label={words.send}
					title={words.send}
					aria-disabled={!ready}
				>
					<Sign name="send" />
				</button>
			</div>
			{left <= most - near && (
				<p id="left" class={left < 0 ? "left over" : "left"} role={left < 0 ? "status" : undefined}>
					{left < 0 ? words.over(-left) : words.left(left)}
				</p>
			)}
		</form>
	);
}

/** Makes a field as high as its text; styles say where that ends. */
function grow(field: HTMLTextAreaElement | null): void {
	if (!field) return;
	field.style.blockSize = "auto";
	if (field.scrollHeight) field.style.blockSize = `${field.scrollHeight}px`;
}
