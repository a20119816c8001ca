/** What is known around a conversation: the customer, the route, what happened. */

import { useId, useRef, useState } from "preact/hooks";
import { useKnown } from "../said.js";
import { InConversation } from "../thread/around.js";
import { useWorkspace } from "../workspace.js";
import { CustomerCard } from "./card.js";
import { Events } from "./events.js";
import "./context.css";

const tabs = ["customer", "events"] as const;

/** The pane beside a conversation. */
export function ContextPane({ conversationId }: { conversationId: string }) {
	const { conversations } = useWorkspace();
	return (
		<InConversation conversation={conversations.get(conversationId)}>
			<Context />
		</InConversation>
	);
}

/** The customer, or what happened. */
export function Context({ first = "customer" }: { first?: (typeof tabs)[number] }) {
	const { context: said } = useKnown();
	const [tab, setTab] = useState<(typeof tabs)[number]>(first);
	const list = useRef<HTMLDivElement>(null);
	const id = useId();
	const turn = (event: KeyboardEvent) => {
		const at = tabs.indexOf(tab);
		const rtl = list.current && getComputedStyle(list.current).direction === "rtl";
		const step = { ArrowRight: rtl ? -1 : 1, ArrowLeft: rtl ? 1 : -1 }[event.key];
		const to =
			event.key === "Home"
				? 0
				: event.key === "End"
					? tabs.length - 1
					: step && (at + step + tabs.length) % tabs.length;
		const next = to === undefined ? undefined : tabs[to];
		if (!next) return;
		event.preventDefault();
		setTab(next);
		document.getElementById(`${id}-${next}`)?.focus();
	};
	return (
		<>
			<div ref={list} class="tabs" role="tablist" aria-label={said.tabs} onKeyDown={turn}>
				{tabs.map((one) => (
					<button
						key={one}
						type="button"
						role="tab"
						id={`${id}-${one}`}
						class="tab"
						aria-selected={tab === one}
						aria-controls={`${id}-panel`}
						tabIndex={tab === one ? 0 : -1}
						onClick={() => setTab(one)}
					>
						{said[one]}
					</button>
				))}
			</div>
			<div role="tabpanel" id={`${id}-panel`} class="tab-panel" aria-labelledby={`${id}-${tab}`}>
				{tab === "customer" ? <CustomerCard /> : <Events />}
			</div>
		</>
	);
}
