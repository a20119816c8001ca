import type { MediaJson } from "../gen/weiche/event/v1/content_pb.js";
import type { LineJson, MediaFileJson } from "../gen/weiche/widget/v1/widget_pb.js";
import { bytes } from "../look/bytes.js";
import { Sign } from "../look/sign.js";
import { useChat } from "./chat.js";
import type { Conversation } from "./conversation.js";
import { Picture, sameFile } from "./picture.js";
import type { WidgetWords } from "./words.js";

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
	if (!file?.url || file.state !== "ready") {
		return (
			<p class="file">
				<Sign name={file?.state === "failed" ? "alert" : "clock"} />
				<span>{file?.state === "failed" ? words.fileFailed : words.fetching}</span>
			</p>
		);
	}
	const name = media.fileName || kindOf(media, words);
	const { href, onClick } = opening(conversation, line, file);
	if (isPicture(media) && file.width && file.height) {
		return (
			<a class="picture" href={href} target="_blank" rel="noopener noreferrer" onClick={onClick}>
				<Picture line={line} file={file} name={name} caption={media.caption} />
			</a>
		);
	}
	const size = Number(file.size ?? media.size ?? 0);
	return (
		<a class="file" href={href} target="_blank" rel="noopener noreferrer" onClick={onClick}>
			<Sign name="file" />
			<span>
				<bdi>{name}</bdi>
				{size > 0 && <small dir="auto">{bytes(language, size)}</small>}
			</span>
		</a>
	);
}

/** Where a file is. An address that may have ended by now is asked for again before it is opened. */
function opening(conversation: Conversation, line: LineJson, file: MediaFileJson) {
	const at = (url = "") => conversation.origin + url;
	return {
		href: at(file.url),
		onClick: async (event: MouseEvent) => {
			if (!conversation.isOld(line)) return;
			event.preventDefault();
			const fresh = sameFile(await conversation.again(line), file);
			window.open(at((fresh ?? file).url), "_blank", "noopener");
		},
	};
}

function isPicture(media: MediaJson): boolean {
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
