/** Whether a question of an agent's has its answer. */

import type { LineJson } from "../../gen/weiche/widget/v1/widget_pb.js";
import { comparePlaces, type State } from "../state.js";

/** Whether the visitor has said anything since a line, or is about to. */
export function isAnswered(state: Pick<State, "lines" | "pending">, line: LineJson): boolean {
	return (
		state.pending.some((message) => message.state === "sending") ||
		state.lines.some(
			(other) => other.author === "AUTHOR_CUSTOMER" && comparePlaces(other.place, line.place) > 0,
		)
	);
}
