import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Glyph } from "../look/glyph.js";
import type { Language } from "../look/words.js";
import type { Handset } from "./handset.js";
import type { Thread } from "./provider.js";
import { phoneWords } from "./words.js";

/** Where the person writes; what a link has typed stands there already. */
export function Composer({
	handset,
	thread,
	language,
}: {
	handset: Handset;
	thread: Thread;
	language: Language;
}) {
	const words = phoneWords[language];
	const [text, setText] = useState(thread.draft ?? "");
	const picture = useRef<HTMLInputElement>(null);
	const field = useRef<HTMLTextAreaElement>(null);
	useLayoutEffect(() => {
		if (thread.draft) setText(thread.draft);
	}, [thread.draft]);
	useLayoutEffect(() => {
		const box = field.current;
		if (!box) return;
		box.style.blockSize = "auto";
		box.style.blockSize = `${Math.min(box.scrollHeight, 104)}px`;
	}, [text]);
	const send = async () => {
		const said = text.trim();
		if (!said) return;
		setText("");
		if (!(await handset.send(thread.integration, said))) setText(said);
	};
	return (
		<form
			class={`phone-composer ${thread.draft && text ? "ready" : ""}`}
			onSubmit={(event) => {
				event.preventDefault();
				void send();
			}}
		>
			<input
				ref={picture}
				type="file"
				accept="image/*"
				class="hidden"
				tabIndex={-1}
				aria-hidden="true"
				onChange={(event) => {
					const file = event.currentTarget.files?.[0];
					event.currentTarget.value = "";
					if (file) void handset.sendPicture(thread.integration, file, "");
				}}
			/>
			<button
				type="button"
				class="button plain icon"
				aria-label={words.picture}
				title={words.picture}
				onClick={() => picture.current?.click()}
			>
				<Glyph name="picture" />
			</button>
			<textarea
				ref={field}
				class="input"
				rows={1}
				dir="auto"
				aria-label={words.message}
				placeholder={words.message}
				value={text}
				onInput={(event) => setText(event.currentTarget.value)}
				onKeyDown={(event) => {
					if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
					event.preventDefault();
					void send();
				}}
			/>
			<button
				type="submit"
				class="button primary icon phone-send"
				aria-label={words.send}
				title={words.send}
				aria-disabled={!text.trim()}
			>
				<Glyph name="send" />
			</button>
		</form>
	);
}
