import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useDrop } from "./attachments/drop.js";
import { Asked } from "./channels/asked.js";
import { ChannelPlace } from "./channels/place.js";
import { useChat, useChatState } from "./chat.js";
import { Composer } from "./composer.js";
import { Header } from "./header.js";
import { Log } from "./log.js";

/** What the panel is named by. */
const title = "title";

/**
 * The panel: a dialog beside the page, one over it where it fills the window, or a page of
 * its own.
 */
export function Panel({ announcement }: { announcement: string }) {
	const { page, full, close } = useChat();
	const open = useChatState((state) => state.open);
	const dialog = useRef<HTMLDialogElement>(null);
	const whole = useRef<HTMLDivElement>(null);

	useLayoutEffect(() => {
		const element = dialog.current;
		if (!element || !open) return;
		const within = (element.getRootNode() as ShadowRoot).activeElement;
		if (full) element.showModal();
		else element.show();
		const back = within !== element && element.contains(within) ? within : element.querySelector("textarea");
		((back as HTMLElement | null) ?? element).focus();
		return () => element.close();
	}, [open, full]);
	useKeyboardRoom(page ? whole : dialog, open && (page || full));

	const spoken = (
		<p class="hidden" role="status">
			{announcement}
		</p>
	);
	if (page) {
		return (
			<div ref={whole} class="panel page">
				{open && <Inside />}
				{spoken}
			</div>
		);
	}
	return (
		<dialog
			ref={dialog}
			class={full ? "panel full" : "panel"}
			aria-labelledby={title}
			aria-modal={full}
			tabIndex={-1}
			onCancel={(event) => {
				event.preventDefault();
				close();
			}}
			onKeyDown={(event) => {
				if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
				event.preventDefault();
				close();
			}}
		>
			<Inside />
			{spoken}
		</dialog>
	);
}

function Inside() {
	const { words, conversation, attachments } = useChat();
	const drop = useDrop(attachments);
	const phase = useChatState((state) => state.phase);
	const view = useChatState((state) => state.view);
	const away = useChatState((state) => state.away);
	const elsewhere = view.name !== "conversation";
	return (
		<>
			<Header title={title} />
			{away && phase === "ready" && (
				<p class="banner" role="status">
					{navigator.onLine ? words.reconnecting : words.offline}
				</p>
			)}
			{phase === "failed" ? (
				<div class="trouble" role="alert">
					<p>{words.failed}</p>
					<button type="button" class="button" onClick={() => void conversation.start()}>
						{words.tryAgain}
					</button>
				</div>
			) : phase === "ready" ? (
				<div class="views">
					{/* It stays where it is below another view, so that nothing of it is lost. */}
					<div class="view" inert={elsewhere} data-drop={words.files.drop} {...drop}>
						<Log />
						<Asked />
						<Composer />
					</div>
					{view.name === "channel" && (
						<div class="view over">
							<ChannelPlace key={view.integrationId} integrationId={view.integrationId} />
						</div>
					)}
				</div>
			) : (
				<Waiting />
			)}
		</>
	);
}

/** What stands there until the conversation was read, where that takes long enough to see. */
function Waiting() {
	const { words, conversation } = useChat();
	const [late, setLate] = useState(false);
	useEffect(() => conversation.after(300, () => setLate(true)), []);
	return (
		<div class="waiting" role="status" aria-label={words.loading}>
			{late && (
				<>
					<i />
					<i />
					<i />
				</>
			)}
		</div>
	);
}

/** No keyboard is lower than this, in pixels; what a browser shows and hides of itself is. */
const keyboard = 120;

/** Keeps a panel that fills the window within what the keyboard on the screen leaves. */
function useKeyboardRoom(panel: { current: HTMLElement | null }, on: boolean): void {
	useLayoutEffect(() => {
		const room = window.visualViewport;
		const style = panel.current?.style;
		if (!on || !room || !style) return;
		const keep = () => {
			// Who has zoomed in looks at a part: the panel stays whole.
			if (room.scale > 1.01) return;
			style.setProperty("--room", `${room.height}px`);
			style.setProperty("--room-top", `${room.offsetTop}px`);
			// Where the keyboard is, the rounded corners of the screen are not.
			if (room.height < innerHeight - keyboard) style.setProperty("--foot", "0px");
			else style.removeProperty("--foot");
		};
		keep();
		room.addEventListener("resize", keep);
		room.addEventListener("scroll", keep);
		return () => {
			room.removeEventListener("resize", keep);
			room.removeEventListener("scroll", keep);
			for (const name of ["--room", "--room-top", "--foot"]) style.removeProperty(name);
		};
	}, [on]);
}
