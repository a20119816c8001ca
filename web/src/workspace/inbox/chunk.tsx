/** A part of the list: of very many rows only the parts are looked at that are in sight, or different. */

import { Component } from "preact";
import { RowItem, type RowProps } from "./row.js";
import { fits, type InboxState, type Row, rowOf } from "./state.js";

/** So many rows a part has. */
const size = 50;
/** How high a row is, in pixels, as the style sheet has it. */
const height = 84;

/** What the rows of a list have in common. */
export interface Common extends Pick<RowProps, "language" | "me" | "name"> {
	href(id: string): string;
	/** The conversation that is open. */
	current: string;
	/** The one that the tabulator leads to. */
	reachable: string;
}

interface ChunkProps extends Common {
	rows: Row[];
	leaving: string;
}

/** The parts of a list. */
export function chunks(state: InboxState, common: Common) {
	const parts = [];
	for (let from = 0; from < state.shown.length; from += size) {
		const ids = state.shown.slice(from, from + size);
		const rows = ids.map((id) => rowOf(state, id)).filter((row) => row !== undefined);
		const own = (id: string) => (ids.includes(id) ? id : "");
		const leaving = state.held.concat(state.open).filter((id) => {
			const row = own(id) && rowOf(state, id);
			return row && !fits(row, state.narrowing, state.me);
		});
		parts.push(
			<Chunk
				{...common}
				key={from}
				rows={rows}
				current={own(common.current)}
				reachable={own(common.reachable)}
				leaving={leaving.join(" ")}
			/>,
		);
	}
	return parts;
}

class Chunk extends Component<ChunkProps> {
	override shouldComponentUpdate(next: ChunkProps): boolean {
		const { rows, ...rest } = this.props;
		if (rows.length !== next.rows.length || rows.some((row, at) => row !== next.rows[at])) return true;
		return (Object.keys(rest) as (keyof ChunkProps)[]).some((key) => this.props[key] !== next[key]);
	}

	override render({ rows, href, current, reachable, leaving, language, me, name }: ChunkProps) {
		const going = leaving.split(" ");
		return (
			<div class="chunk" style={{ containIntrinsicBlockSize: `${rows.length * height}px` }}>
				{rows.map((row) => {
					const id = row.conversationId ?? "";
					return (
						<RowItem
							key={id}
							row={row}
							language={language}
							me={me}
							name={name}
							href={href(id)}
							current={id === current}
							reachable={id === reachable}
							leaving={going.includes(id)}
						/>
					);
				})}
			</div>
		);
	}
}
