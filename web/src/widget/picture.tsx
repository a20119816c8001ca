import { useState } from "preact/hooks";
import type { LineJson, MediaFileJson } from "../gen/weiche/widget/v1/widget_pb.js";
import { Sign } from "../look/sign.js";
import { useChat } from "./chat.js";

/** Pictures are shown no wider and no higher than this, in pixels. */
const widest = 240;
const highest = 280;

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
	const [state, setState] = useState<"first" | "again" | "lost">("first");
	const [width = 0, height = 0] = [file.width, file.height];
	const scale = Math.min(1, widest / width, highest / height);
	const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
	if (state === "lost") {
		return (
			<span class="lost" style={{ inlineSize: `${size.width}px`, minBlockSize: `${size.height}px` }}>
				<Sign name="picture" />
				<span dir="auto">{words.pictureLost(name)}</span>
			</span>
		);
	}
	return (
		<img
			key={state}
			src={conversation.origin + (file.thumbnailUrl || file.url)}
			alt={caption || name}
			{...size}
			loading="lazy"
			decoding="async"
			onError={async () => {
				if (state === "first") await conversation.again(line);
				setState(state === "first" ? "again" : "lost");
			}}
		/>
	);
}
