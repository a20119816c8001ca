/** A file of a message: a picture, a film, a sound, or something to load. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { MediaJson } from "../../gen/weiche/event/v1/content_pb.js";
import type { MediaFileJson } from "../../gen/weiche/view/v1/timeline_pb.js";
import { bytes } from "../../look/bytes.js";
import { Glyph } from "../../look/glyph.js";
import { Text } from "../../look/text.js";
import { useConversation, useSpeech } from "./around.js";

/** The position of the line that a file belongs to. */
export const LinePosition = createContext("");

/** Pictures are drawn at most so large, in pixels. */
const widest = 280;
const highest = 320;

/** A file with the text below it. */
export function FilePart({ media, file, from }: { media: MediaJson; file?: MediaFileJson; from: string }) {
	return (
		<div class="file">
			<FileBody media={media} file={file} from={from} />
			{media.caption && (
				<p class="said">
					<Text text={media.caption} />
				</p>
			)}
		</div>
	);
}

function FileBody({ media, file, from }: { media: MediaJson; file?: MediaFileJson; from: string }) {
	const { words, language } = useSpeech();
	const conversation = useConversation();
	const position = useContext(LinePosition);
	const renew = () => void conversation.refresh(position);
	const state = file?.state;
	if (state === "MEDIA_STATE_FETCHING") return <p class="aside">{words.fileFetching}</p>;
	if (state === "MEDIA_STATE_FAILED") return <p class="aside">{words.fileFailed}</p>;
	if (!file?.url) return <p class="aside">{words.fileGone}</p>;
	const kind = media.kind;
	const name = media.fileName || (kind === "MEDIA_KIND_VOICE" ? words.voice : words.file);
	const stored = file.stored;
	if ((kind === "MEDIA_KIND_IMAGE" || kind === "MEDIA_KIND_STICKER") && stored?.width) {
		const { width = widest, height = widest } = stored;
		const scale = Math.min(1, widest / width, highest / height);
		return (
			<a
				class="picture"
				href={file.url}
				target="_blank"
				rel="noopener"
				onPointerEnter={renew}
				onFocus={renew}
			>
				<img
					src={file.thumbnailUrl || file.url}
					width={Math.max(24, Math.round(width * scale))}
					height={Math.max(24, Math.round(height * scale))}
					alt={media.fileName ? `${words.picture(from)}: ${media.fileName}` : words.picture(from)}
					loading="lazy"
					onError={renew}
				/>
			</a>
		);
	}
	if (kind === "MEDIA_KIND_AUDIO" || kind === "MEDIA_KIND_VOICE") {
		return (
			// biome-ignore lint/a11y/useMediaCaption: what people say has no captions
			<audio
				controls
				preload="none"
				src={file.url}
				aria-label={name}
				onError={renew}
				onPointerEnter={renew}
			/>
		);
	}
	if (kind === "MEDIA_KIND_VIDEO") {
		return (
			// biome-ignore lint/a11y/useMediaCaption: what people film has no captions
			<video
				controls
				preload="none"
				src={file.url}
				aria-label={name}
				onError={renew}
				onPointerEnter={renew}
			/>
		);
	}
	return (
		<a
			class="download"
			href={file.url}
			target="_blank"
			rel="noopener"
			aria-label={words.download(name)}
			onPointerEnter={renew}
			onFocus={renew}
		>
			<Glyph name="file" />
			<span dir="auto">{name}</span>
			{stored?.size && <small>{bytes(language, Number(stored.size))}</small>}
		</a>
	);
}
