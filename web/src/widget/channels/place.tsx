import { useEffect, useState } from "preact/hooks";
import { useChat, useChatState } from "../chat.js";
import type * as Pages from "./page.js";

/**
 * The place of a channel's page, which is loaded when somebody first goes to one; where
 * that failed, again by itself once the connection is back.
 */
export function ChannelPlace({ integrationId }: { integrationId: string }) {
	const { words } = useChat();
	const [pages, setPages] = useState<typeof Pages | "failed">();
	const load = () => {
		setPages(undefined);
		import("./page.js").then(setPages, () => setPages("failed"));
	};
	const away = useChatState((state) => state.away);
	useEffect(load, []);
	useEffect(() => {
		if (!away && pages === "failed") load();
	}, [away]);
	if (pages === "failed") {
		return (
			<div class="trouble" role="alert">
				<p>{words.menu.notLoaded}</p>
				<button type="button" class="button" onClick={load}>
					{words.tryAgain}
				</button>
			</div>
		);
	}
	return pages ? <pages.ChannelPage integrationId={integrationId} /> : null;
}
