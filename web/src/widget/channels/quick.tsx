import type { LineJson } from "../../gen/weiche/widget/v1/widget_pb.js";

/** The buttons below an agent's message; nothing where it has none. */
export function QuickReplies(_: { line: LineJson }) {
	return null;
}
