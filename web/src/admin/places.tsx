/** What is shown where. */

import { Agent } from "./agents/agent.js";
import { Agents } from "./agents/list.js";
import { Audit } from "./audit/audit.js";
import { useDesk } from "./context.js";
import { Connect } from "./integrations/connect.js";
import { isChannel } from "./integrations/draft.js";
import { Integration } from "./integrations/integration.js";
import { Integrations } from "./integrations/list.js";
import { Keys } from "./keys/keys.js";
import { Nothing } from "./page.js";
import type { Route } from "./route.js";
import { pathOf } from "./route.js";
import { Widgets } from "./widgets/list.js";
import { Widget } from "./widgets/widget.js";

/** The page of a place. */
export function Place({ route }: { route: Route }) {
	const { words, may } = useDesk();
	const { section, id, detail } = route;
	const list = { to: pathOf(section), name: words.sections[section] };
	if (section === "integrations" && id === "new")
		return isChannel(detail) && may("setup:write") ? <Connect channel={detail} /> : <Nothing back={list} />;
	switch (section) {
		case "integrations":
			return id ? <Integration id={id} /> : <Integrations />;
		case "widgets":
			return id ? <Widget id={id} /> : <Widgets />;
		case "agents":
			return id ? <Agent id={id} /> : <Agents />;
		case "keys":
			return <Keys />;
		case "audit":
			return <Audit />;
	}
}
