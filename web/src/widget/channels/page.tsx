import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { OfferedChannelJson } from "../../gen/weiche/widget/v1/widget_pb.js";
import { useChat, useChatState } from "../chat.js";
import { LinkedPage } from "./linked.js";
import { LinkPage } from "./linkpage.js";
import { menuButton, nameOf } from "./menu.js";
import css from "./page.css" with { type: "text" };

/** What the pages of a channel show of it. */
export interface PageProps {
	/** The channel as it is offered now; as it was, where it is not offered any more. */
	channel: OfferedChannelJson;
	/** Its name. */
	name: string;
	/** It is offered. */
	offered: boolean;
}

/** The page of one channel: how to link it, or that it is linked. The shell draws the back arrow. */
export function ChannelPage({ integrationId }: { integrationId: string }) {
	const channels = useChatState((state) => state.widget?.channels) ?? [];
	const now = channels.find((other) => other.integrationId === integrationId);
	const [first] = useState<OfferedChannelJson>(now ?? { integrationId });
	const [linked] = useState(!!now?.linked);
	const last = useRef(first);
	if (now) last.current = now;
	const page = useRef<HTMLElement>(null);
	useStyles(page);
	useFocus(page);
	const props = { channel: last.current, name: nameOf(last.current, channels), offered: !!now };
	return (
		<section ref={page} class="channel" aria-labelledby="channel">
			{linked ? <LinkedPage {...props} /> : <LinkPage {...props} />}
		</section>
	);
}

/** The styles of pages of channels, which are not there before one is. */
const sheet = new CSSStyleSheet();
sheet.replaceSync(css);

function useStyles(page: { current: HTMLElement | null }): void {
	useLayoutEffect(() => {
		const root = page.current?.getRootNode() as ShadowRoot;
		if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets.push(sheet);
	}, []);
}

/**
 * The heading has the focus when the page opens, and whenever what had it is gone. When
 * the page is left, the button of the menu has it again.
 */
function useFocus(page: { current: HTMLElement | null }): void {
	const { conversation } = useChat();
	const root = useRef<ShadowRoot | Document>(null);
	useLayoutEffect(() => {
		root.current = page.current?.getRootNode() as ShadowRoot;
		page.current?.querySelector("h2")?.focus();
		return () => {
			const within = root.current;
			requestAnimationFrame(() => {
				if (!within || !conversation.store.value.open || within.activeElement) return;
				within.querySelector<HTMLElement>(`.${menuButton}, textarea`)?.focus();
			});
		};
	}, []);
	useLayoutEffect(() => {
		if (root.current && !root.current.activeElement) page.current?.querySelector("h2")?.focus();
	});
}
