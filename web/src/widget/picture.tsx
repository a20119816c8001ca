import { useState } from "preact/hooks";
import type { LineJson, MediaFileJson } from "../gen/weiche/widget/v1/widget_pb.js";
import { Sign } from "../look/sign.js";
import { useChat } from "./chat.js";

/** Pictures are shown no wider and no higher than this, in pixels. */
const widest = 240;
const highest = 280;

/** So often a picture is asked for. */
const most = 2;

/** A file as a line that was read again has it. */
export function sameFile(line: LineJson | undefined, { part = 0 }: MediaFileJson): MediaFileJson | undefined {
	return line?.media?.find((other) => (other.part ?? 0) === part);
}

/**
 * A picture of a message. It has its place before it has come, and keeps it where it does
 * not come: its address may have ended, so it is asked for once more.
 */
export function Picture({
	line,
	file,
	name,
	caption,
}: {
	line: LineJson;
	file: MediaFileJson;
	name: string;
	caption: string | undefined;
}) {
	const { conversation, words } = useChat();
	const from = ({ thumbnailUrl, url }: MediaFileJson) => conversation.origin + (thumbnailUrl || url);
	// What it was first asked for by stays: a picture that has come needs no other address.
	const [state, setState] = useState({ src: from(file), tries: 1 });
	const [width = 0, height = 0] = [file.width, file.height];
	const scale = Math.min(1, widest / width, highest / height);
	const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
	if (state.tries > most) {
		return (
			<span class="lost" style={{ inlineSize: `${size.width}px`, minBlockSize: `${size.height}px` }}>
				<Sign name="picture" />
				<span dir="auto">{words.pictureLost(name)}</span>
			</span>
		);
	}
	return (
		<img
			key={state.tries}
			src={state.src}
			alt={caption || name}
			{...size}
			loading="lazy"
			decoding="async"
			onError={async () => {
				const fresh = state.tries < most ? sameFile(await conversation.again(line), file) : undefined;
				setState({ src: from(fresh ?? file), tries: state.tries + 1 });
			}}
		/>
	);
}
