import { useRef } from "preact/hooks";
import { Sign } from "../../look/sign.js";
import { useChat } from "../chat.js";

/** The button in the composer that chooses files. */
export function AttachButton() {
	const { attachments, words } = useChat();
	const input = useRef<HTMLInputElement>(null);
	const said = words.files;
	return (
		<>
			<button
				type="button"
				class="tool"
				aria-label={said.attach}
				title={said.attach}
				onClick={() => input.current?.click()}
			>
				<Sign name="attach" />
			</button>
			<input
				ref={input}
				type="file"
				multiple
				hidden
				aria-label={said.attach}
				onChange={(event) => {
					attachments.add([...(event.currentTarget.files ?? [])]);
					event.currentTarget.value = ""; // so that the same file can be chosen again
				}}
			/>
		</>
	);
}
