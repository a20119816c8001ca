import { Glyph } from "../look/glyph.js";
import { Text } from "../look/text.js";
import { clock, type Language } from "../look/words.js";
import type { Handset } from "./handset.js";
import { appHosts, type Button, type Message, type Thread } from "./provider.js";
import { answered } from "./state.js";
import { phoneWords } from "./words.js";

/** One message, with what can be tapped below it. */
export function Bubble({
	message,
	thread,
	handset,
	language,
	last,
}: {
	message: Message;
	thread: Thread;
	handset: Handset;
	language: Language;
	/** It is the last of the person's, under which it says how far it came. */
	last: boolean;
}) {
	const words = phoneWords[language];
	const mine = message.from === "person";
	const over = answered(thread, message);
	const reaction = message.reaction || message.business_reaction;
	return (
		<div class={`phone-message ${mine ? "mine" : "theirs"}`} data-message={message.id}>
			<span class="hidden">{mine ? words.you : thread.account}: </span>
			<div class="phone-bubble">
				{message.media?.map((file) =>
					file.kind === "image" || file.kind === "sticker" ? (
						<img key={file.id} src={`/sim/media/${file.id}`} alt={file.name || words.pictureAlt} />
					) : (
						<a key={file.id} class="phone-file" href={`/sim/media/${file.id}`} download>
							<Glyph name="file" />
							<bdi>{words.file(file.name ?? file.kind)}</bdi>
						</a>
					),
				)}
				{message.deleted ? (
					<i>{words.deleted}</i>
				) : (
					message.text && !(message.media?.length && /^\[/.test(message.text)) && <Text text={message.text} />
				)}
				<span class="phone-time">
					{!!message.edits && `${words.edited} `}
					{clock(language, new Date(message.at))}
				</span>
			</div>
			{reaction && (
				<span class="phone-reaction" role="img" aria-label={words.reaction(reaction)}>
					{reaction}
				</span>
			)}
			{message.buttons?.map((button) => (
				<Tap
					key={button.id || button.title}
					button={button}
					over={over}
					onTap={() => handset.tap(thread.integration, button, message)}
				/>
			))}
			{last && message.state && (
				<span class="phone-state">{message.state === "read" ? words.read : words.delivered}</span>
			)}
		</div>
	);
}

/** Something to tap below a message. Links that open no app go where they say. */
export function Tap({
	button,
	over = false,
	onTap,
}: {
	button: Button;
	over?: boolean | undefined;
	onTap: () => void;
}) {
	let host = "";
	if (button.kind === "url") {
		try {
			host = new URL(button.url ?? "").hostname;
		} catch {
			return null;
		}
	}
	if (host && !appHosts.includes(host)) {
		return (
			<a
				class="phone-tap"
				href={button.url}
				title={host}
				target="_blank"
				rel="noopener noreferrer nofollow"
				dir="auto"
			>
				{button.title}
			</a>
		);
	}
	return (
		<button type="button" class="phone-tap" disabled={over} onClick={onTap} dir="auto">
			{button.title}
			{button.description && <small>{button.description}</small>}
		</button>
	);
}
