/** The views of the inbox with how many conversations each has, and what narrows them. */

import type { InboxCountsJson } from "../../gen/weiche/view/v1/inbox_pb.js";
import { channelGlyph, Glyph } from "../../look/glyph.js";
import { Menu, type MenuItem } from "../../look/menu.js";
import { useStore } from "../../look/store.js";
import { channelName } from "../../look/words.js";
import { type View, views } from "../place.js";
import { useInboxWords, useLanguage, useWords } from "../said.js";
import { useTeam, useWorkspace } from "../workspace.js";

/** Which of the counts is that of a view. */
export function countOf(counts: InboxCountsJson | undefined, view: View): number | undefined {
	return counts && (counts[view === "all" ? "open" : view] ?? 0);
}

/** The views, as links. */
export function ViewTabs() {
	const { places, inbox } = useWorkspace();
	const words = useWords();
	const language = useLanguage();
	const place = useStore(places, (now) => now);
	const counts = useStore(inbox.counts, (now) => now);
	return (
		<nav class="views" aria-label={words.views}>
			{views.map((view) => (
				<a
					key={view}
					class="view"
					href={places.address({ view, conversationId: "" })}
					aria-current={view === place.view ? "page" : undefined}
					onClick={(event) => {
						if (!plain(event)) return;
						event.preventDefault();
						places.go({ view });
					}}
				>
					<span class="view-name">{words.view[view]}</span>
					<span class="view-count">{countOf(counts, view)?.toLocaleString(language) ?? "\u2013"}</span>
				</a>
			))}
		</nav>
	);
}

/** What narrows the list: a channel and a label. */
export function Filters() {
	const { places, inbox } = useWorkspace();
	const words = useInboxWords();
	const team = useTeam();
	const { channel, label } = useStore(places, (now) => now);
	const counts = useStore(inbox.counts, (now) => now);
	const channels = [...new Set(team?.channels.map((one) => one.channel ?? "") ?? [])].sort();
	const labels = Object.entries(counts?.labels ?? {}).sort(([one], [other]) => one.localeCompare(other));
	const channelItems: MenuItem[] = ["", ...channels].map((one) => {
		const text = one ? channelName(one, words.webChat) : words.anyChannel;
		return {
			text,
			drawn: (
				<>
					<Glyph name={one ? channelGlyph(one) : "chat"} />
					{text}
				</>
			),
			checked: one === channel,
			choose: () => places.go({ channel: one }),
		};
	});
	const labelItems: MenuItem[] = [
		{ text: words.anyLabel, checked: !label, choose: () => places.go({ label: "" }) },
		...labels.map(([one, count]) => ({
			text: one,
			drawn: (
				<>
					<bdi class="grow">{one}</bdi>
					<span class="soft">{count}</span>
				</>
			),
			checked: one === label,
			choose: () => places.go({ label: one }),
		})),
	];
	return (
		<section class="filters" aria-label={words.filters}>
			<Filter
				name={words.channel}
				value={channel && channelName(channel, words.webChat)}
				items={channelItems}
			/>
			<Filter name={words.label} value={label} items={labelItems} />
			{(channel || label) && (
				<button
					type="button"
					class="button plain icon small"
					aria-label={words.clear}
					title={words.clear}
					onClick={() => places.go({ channel: "", label: "" })}
				>
					<Glyph name="close" />
				</button>
			)}
		</section>
	);
}

function Filter({ name, value, items }: { name: string; value: string; items: MenuItem[] }) {
	const all = items[0]?.text ?? "";
	return (
		<Menu
			label={`${name}: ${value || all}`}
			title={name}
			items={items}
			class={value ? "button plain filter chosen" : "button plain filter"}
		>
			<bdi class="filter-value">{value || all}</bdi>
			<Glyph name="down" />
		</Menu>
	);
}

/** Whether a click is one that the page takes, and not one for a new tab or a download. */
export function plain(event: MouseEvent): boolean {
	return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}
