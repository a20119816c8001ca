/** Files that are dropped on the conversation. */

import { useRef } from "preact/hooks";
import type { Attachments } from "./attachments.js";

/** What an element needs to take files that are dropped on it; it shows that it would. */
export function useDrop(attachments: Attachments) {
	// How many elements below the pointer it has come into and not left.
	const depth = useRef(0);
	const mark = (event: DragEvent, change: number) => {
		if (!event.dataTransfer?.types.includes("Files")) return;
		depth.current = change ? Math.max(0, depth.current + change) : 0;
		(event.currentTarget as HTMLElement).classList.toggle("dropping", depth.current > 0);
	};
	return {
		onDragEnter: (event: DragEvent) => mark(event, 1),
		onDragLeave: (event: DragEvent) => mark(event, -1),
		onDragOver: (event: DragEvent) => {
			if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
		},
		onDrop: (event: DragEvent) => {
			mark(event, 0);
			const files = [...(event.dataTransfer?.files ?? [])];
			if (files.length === 0) return;
			event.preventDefault();
			attachments.add(files);
		},
	};
}
