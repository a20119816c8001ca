import { useEffect, useState } from "preact/hooks";

/** What takes longer than this is seen to load, in milliseconds. */
const patience = 300;

/** Grey lines where something will be, once that takes a while. */
export function Skeleton({ words }: { words: string }) {
	const [shown, setShown] = useState(false);
	useEffect(() => {
		const timer = setTimeout(() => setShown(true), patience);
		return () => clearTimeout(timer);
	}, []);
	return (
		<div class="skeleton" role="status">
			{shown && (
				<>
					<span class="hidden">{words}</span>
					<i />
					<i />
					<i />
				</>
			)}
		</div>
	);
}
