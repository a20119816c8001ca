import { useEffect, useState } from "preact/hooks";
import type { WidgetJson } from "../gen/weiche/widget/v1/widget_pb.js";
import { Sign } from "../look/sign.js";
import { clock, day, type Language } from "../look/words.js";
import { ChannelMenu } from "./channels/menu.js";
import { useChat, useChatState } from "./chat.js";
import { unread } from "./state.js";
import type { WidgetWords } from "./words.js";

/** The head of the panel: whose chat it is, when somebody answers, and the way out. */
export function Header({ title }: { title: string }) {
	const { words, language, page, conversation, close } = useChat();
	const widget = useChatState((state) => state.widget);
	const view = useChatState((state) => state.view);
	const waiting = useChatState(unread);
	const back = waiting > 0 ? `${words.back}, ${words.fresh(waiting)}` : words.back;
	const Title = page ? "h1" : "h2";
	const promise = usePromise(widget, language, words);
	return (
		<header class="head">
			{view.name === "conversation" ? (
				<div class="who">
					<Title id={title} class="title">
						<bdi>{nameOf(widget) || words.chat}</bdi>
					</Title>
					{promise && <p class="promise">{promise}</p>}
				</div>
			) : (
				<>
					<button
						type="button"
						class="tool"
						aria-label={back}
						title={back}
						onClick={() => conversation.show({ name: "conversation" })}
					>
						<Sign name="back" />
						{waiting > 0 && <b class="count">{waiting}</b>}
					</button>
					<p id={title} class="who small">
						<bdi>{nameOf(widget) || words.chat}</bdi>
					</p>
				</>
			)}
			{view.name === "conversation" && <ChannelMenu />}
			{!page && (
				<button
					type="button"
					class="tool"
					aria-label={words.closePanel}
					title={words.closePanel}
					onClick={close}
				>
					<Sign name="close" />
				</button>
			)}
		</header>
	);
}

/** What stands at the head. */
export function nameOf(widget: WidgetJson | undefined): string {
	return widget?.appearance?.title || widget?.site || "";
}

/** A text of the widget in a language, or else in its first, or else none. */
export function textOf(
	texts: Record<string, string> | undefined,
	language: string,
	widget: WidgetJson,
): string {
	return texts?.[language] || texts?.[widget.languages?.[0] ?? ""] || "";
}

/** How soon somebody answers, or that nobody is there; drawn anew when that ends. */
function usePromise(widget: WidgetJson | undefined, language: Language, words: WidgetWords): string {
	const { conversation } = useChat();
	const [now, setNow] = useState(() => Date.now());
	const until = Date.parse(widget?.awayUntil ?? "");
	useEffect(() => {
		const wait = until - Date.now();
		if (wait > 0) return conversation.after(Math.min(wait + 500, 2 ** 31 - 1), () => setNow(Date.now()));
	}, [until]);
	if (!widget) return "";
	if (until > now) {
		const at = new Date(until);
		const today = new Date(now).toDateString() === at.toDateString();
		return words.awayUntil(today ? clock(language, at) : `${weekday(language, at)}, ${clock(language, at)}`);
	}
	switch (widget.appearance?.replyTime) {
		case "REPLY_TIME_MINUTES":
			return words.soon.minutes;
		case "REPLY_TIME_HOURS":
			return words.soon.hours;
		case "REPLY_TIME_DAY":
			return words.soon.day;
	}
	return "";
}

function weekday(language: Language, at: Date): string {
	const soon = at.getTime() - Date.now() < 6 * 86_400_000;
	return soon ? at.toLocaleDateString(language, { weekday: "long" }) : day(language, at, new Date());
}
