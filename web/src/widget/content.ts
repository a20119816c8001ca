/** What was said, as words. */

import type { ContentJson, PartJson } from "../gen/weiche/event/v1/content_pb.js";

/** The words of a part; empty for what has none. */
export function wordsOfPart(part: PartJson): string {
	return (
		part.text?.body ??
		part.buttons?.body ??
		part.media?.caption ??
		part.answer?.title ??
		part.postback?.title ??
		part.order?.text ??
		part.share?.title ??
		""
	);
}

/** The words of a message; empty where it has none, such as a picture. */
export function wordsOf(content: ContentJson | undefined): string {
	return (content?.parts ?? []).map(wordsOfPart).filter(Boolean).join("\n");
}
