import { useRef } from "preact/hooks";
import type { MediaJson } from "../gen/weiche/event/v1/content_pb.js";
import type { LineJson, MediaFileJson } from "../gen/weiche/widget/v1/widget_pb.js";
import { Glyph } from "../look/glyph.js";
import { useChat } from "./chat.js";
import type { WidgetWords } from "./words.js";

/** Pictures are shown no wider and no higher than this, in pixels. */
const widest = 240;
const highest = 280;

/** A file of a message: a picture is shown, others are opened. */
export function MediaView({
	line,
	media,
	file,
}: {
	line: LineJson;
	media: MediaJson;
	file: MediaFileJson | undefined;
}) {
	const { conversation, words, language } = useChat();
	const asked = useRef(false);
	const kind = kindOf(media, words);
	if (!file?.url || file.state !== "ready") {
		return (
			<p class="file">
				<Glyph name={file?.state === "failed" ? "alert" : "clock"} />
				<span>{file?.state === "failed" ? words.fileFailed : words.fetching}</span>
			</p>
		);
	}
	const url = conversation.origin + file.url;
	const name = media.fileName || kind;
	if (picture(media) && file.width && file.height) {
		const scale = Math.min(1, widest / file.width, highest / file.height);
		return (
			<a class="picture" href={url} target="_blank" rel="noopener noreferrer" aria-label={name}>
				<img
					src={file.thumbnailUrl ? conversation.origin + file.thumbnailUrl : url}
					alt={media.caption || name}
					width={Math.round(file.width * scale)}
					height={Math.round(file.height * scale)}
					loading="lazy"
					decoding="async"
					onError={() => {
						// Its address may have ended.
						if (!asked.current) void conversation.again(line);
						asked.current = true;
					}}
				/>
			</a>
		);
	}
	return (
		<a class="file" href={url} target="_blank" rel="noopener noreferrer">
			<Glyph name="file" />
			<span>
				<bdi>{name}</bdi>
				<small dir="auto">{sizeOf(Number(file.size ?? media.size ?? 0), language)}</small>
			</span>
		</a>
	);
}

function picture(media: MediaJson): boolean {
	return media.kind === "MEDIA_KIND_IMAGE" || media.kind === "MEDIA_KIND_STICKER";
}

function kindOf(media: MediaJson, words: WidgetWords): string {
	switch (media.kind) {
		case "MEDIA_KIND_IMAGE":
			return words.image;
		case "MEDIA_KIND_VIDEO":
			return words.video;
		case "MEDIA_KIND_AUDIO":
		case "MEDIA_KIND_VOICE":
			return words.audio;
		case "MEDIA_KIND_STICKER":
			return words.sticker;
	}
	return words.file;
}

/** A size in words, such as 1.2 MB; empty where it is not known. */
export function sizeOf(bytes: number, language: string): string {
	if (!bytes) return "";
	const [value, unit] =
		bytes < 1e6 ? [Math.max(1, Math.round(bytes / 1e3)), "kilobyte"] : [bytes / 1e6, "megabyte"];
	return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: 1 }).format(value);
}
