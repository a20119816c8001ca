/** What a channel can show, checked while somebody writes for it. */

import type {
	ChannelLimitsJson,
	MediaLimitJson,
	TextLimitJson,
} from "../../gen/weiche/workspace/v1/workspace_pb.js";

/** A text as the limit counts it. */
export function lengthOf(text: string, limit: TextLimitJson): number {
	return limit.unit === "TEXT_UNIT_BYTES" ? new TextEncoder().encode(text).length : [...text].length;
}

/** What the server takes at most of any text, in bytes. */
export const maxText: TextLimitJson = { max: 16_384, unit: "TEXT_UNIT_BYTES" };
/** What the server takes at most of any file, in bytes. */
export const maxFile = 100 << 20;
/** How many parts a reply may have. */
export const maxParts = 10;

/** What will not go as it is. */
export type Finding =
	/** The text is longer than the server takes. */
	| { kind: "too_long"; length: number; max: number; bytes: boolean }
	/** The text goes in several messages. */
	| { kind: "split"; length: number; max: number; bytes: boolean }
	/** The text is near the limit. */
	| { kind: "near"; length: number; max: number; bytes: boolean }
	/** Too many pieces. */
	| { kind: "parts"; max: number }
	/** The buttons go as text, numbered. */
	| { kind: "buttons_as_text" }
	/** The buttons go as a list. */
	| { kind: "buttons_as_list" }
	/** Titles are cut. */
	| { kind: "titles_cut"; max: number };

/** A finding after which nothing can be sent. */
export function blocks(finding: Finding): boolean {
	return finding.kind === "too_long" || finding.kind === "parts";
}

/** What is to be said. */
export interface Said {
	text: string;
	files: number;
	buttons: readonly string[];
}

/** What will not go as it is; limits are those of the channel, where they are known. */
export function check(said: Said, limits: ChannelLimitsJson | undefined): Finding[] {
	const found: Finding[] = [];
	const whole = lengthOf(said.text, maxText);
	const limit = said.buttons.length > 0 ? limits?.question : limits?.text;
	if (whole > (maxText.max ?? 0)) {
		found.push({ kind: "too_long", length: whole, max: maxText.max ?? 0, bytes: true });
	} else if (limit?.max) {
		const length = lengthOf(said.text, limit);
		const bytes = limit.unit === "TEXT_UNIT_BYTES";
		if (length > limit.max) found.push({ kind: "split", length, max: limit.max, bytes });
		else if (length > limit.max * 0.9) found.push({ kind: "near", length, max: limit.max, bytes });
	}
	if (said.files + (said.text || said.buttons.length ? 1 : 0) > maxParts) {
		found.push({ kind: "parts", max: maxParts });
	}
	if (said.buttons.length > 0 && limits) {
		const list = said.buttons.length > (limits.buttons ?? 0);
		const most = (list ? limits.rowTitle : limits.buttonTitle) ?? 0;
		const shown = said.buttons.map((title) => [...title].slice(0, most).join("").trim());
		const apart = new Set(shown).size === shown.length && shown.every((title) => title !== "");
		if (said.buttons.length > Math.max(limits.buttons ?? 0, limits.listRows ?? 0) || !apart) {
			found.push({ kind: "buttons_as_text" });
		} else {
			if (list) found.push({ kind: "buttons_as_list" });
			if (said.buttons.some((title) => [...title].length > most))
				found.push({ kind: "titles_cut", max: most });
		}
	}
	return found;
}

/** A file that somebody wants to send. */
export interface FileFacts {
	size: number;
	type: string;
}

/** What becomes of a file. */
export type FileFate =
	/** It goes as it is. */
	| { kind: "fits" }
	/** It goes as a link, as it is too large or of another type. */
	| { kind: "link"; because: "size" | "type"; max: number }
	/** It cannot go. */
	| { kind: "refused"; because: "size" | "type" | "empty"; max: number };

/** The kind that a file of a type is shown as. */
function limitFor(type: string, limits: ChannelLimitsJson): MediaLimitJson | undefined {
	const family = type.split("/")[0];
	const kind =
		family === "image"
			? "MEDIA_KIND_IMAGE"
			: family === "video"
				? "MEDIA_KIND_VIDEO"
				: family === "audio"
					? "MEDIA_KIND_AUDIO"
					: "MEDIA_KIND_DOCUMENT";
	return limits.media?.find((media) => media.kind === kind);
}

/** What becomes of a file on a channel; where its limits are not known, only what the server takes counts. */
export function fateOf(file: FileFacts, limits: ChannelLimitsJson | undefined): FileFate {
	if (file.size === 0) return { kind: "refused", because: "empty", max: 0 };
	if (file.size > maxFile) return { kind: "refused", because: "size", max: maxFile };
	if (!limits) return { kind: "fits" };
	const other = limits.links ? "link" : "refused";
	const media = limitFor(file.type, limits);
	const taken = media && (!media.mimeTypes?.length || media.mimeTypes.includes(file.type));
	if (!taken) return { kind: other, because: "type", max: 0 };
	const max = Number(media.maxBytes ?? 0);
	if (max && file.size > max) return { kind: other, because: "size", max };
	return { kind: "fits" };
}
