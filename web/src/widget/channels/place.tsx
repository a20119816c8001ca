import { useEffect, useState } from "preact/hooks";
import { useChat } from "../chat.js";
import type * as Pages from "./page.js";

/** The place of a channel's page, which is loaded when somebody first goes to one. */
export function ChannelPlace({ integrationId }: { integrationId: string }) {
	const { words } = useChat();
	const [pages, setPages] = useState<typeof Pages | "failed">();
	const load = () => {
		setPages(undefined);
		import("./page.js").then(setPages, () => setPages("failed"));
	};
	useEffect(load, []);
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
