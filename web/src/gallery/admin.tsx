/**
 * The admin center with made-up accounts. Its styles are those of a whole page, so while
 * a state of it is shown those of the other surfaces do not count.
 */

import type { ComponentChildren, VNode } from "preact";
import styles from "../admin/admin.css" with { type: "text" };
import { LoginLink } from "../admin/agents/link.js";
import { Admin } from "../admin/api.js";
import { Contest } from "../admin/contest.js";
import { type Desk, DeskContext } from "../admin/context.js";
import { CreateKey } from "../admin/keys/create.js";
import { Card } from "../admin/page.js";
import { Router } from "../admin/router.js";
import { Denied, Shell } from "../admin/shell.js";
import { Effects } from "../admin/widgets/channels.js";
import { draftOf } from "../admin/widgets/draft.js";
import { words } from "../admin/words.js";
import { CallError } from "../api/call.js";
import controls from "../look/controls.css" with { type: "text" };
import copy from "../look/copy.css" with { type: "text" };
import dialog from "../look/dialog.css" with { type: "text" };
import login from "../look/login.css" with { type: "text" };
import { LogIn } from "../look/login.js";
import page from "../look/page.css" with { type: "text" };
import type { Language } from "../look/words.js";
import { answers, everything, now, reading, widgets } from "./adminaccount.js";
import type { GalleryState } from "./state.js";

/** A state: where it is, what the server says, and what the person may do. */
interface Scene {
	path: string;
	says?: Record<string, unknown>;
	scopes?: readonly string[];
	/** What is drawn instead of the page of the path. */
	draws?: (desk: Desk) => ComponentChildren;
}

/** A server that says what is made up; what it knows nothing of never comes. */
function callerOf(says: Record<string, unknown>) {
	return {
		call<_, Response>(method: string): Promise<Response> {
			const said = says[method.slice(method.lastIndexOf("/") + 1)];
			if (said instanceof Error) return Promise.reject(said);
			return said === undefined ? new Promise(() => {}) : Promise.resolve(said as Response);
		},
	};
}

function draw(scene: Scene, language: Language): VNode {
	const scopes = scene.scopes ?? everything;
	const place = {
		location: { pathname: scene.path },
		history: window.history,
		addEventListener() {},
		scrollTo() {},
	};
	const desk: Desk = {
		admin: new Admin(callerOf({ ...answers, ...scene.says })),
		router: new Router(place as unknown as Window),
		me: {
			accountId: "shop",
			accountName: "Blue Shop",
			agent: { agentId: "kim", name: "Kim", role: "ROLE_OWNER" },
			scopes: [...scopes],
		},
		words: words[language],
		language,
		may: (scope) => scopes.includes(scope),
		say() {},
		entitle() {},
		now: () => new Date(now),
	};
	for (const sheet of document.styleSheets) sheet.disabled = true;
	const sheet = new CSSStyleSheet();
	sheet.replaceSync(page + controls + copy + dialog + login + styles);
	document.adoptedStyleSheets = [sheet];
	return (
		<DeskContext.Provider value={desk}>
			{scene.draws ? scene.draws(desk) : <Shell onLogOut={() => {}} />}
		</DeskContext.Provider>
	);
}

/** A session that nobody comes into. */
const nobody = { async logIn() {}, async open() {} };

const shop = widgets[0] ?? {};
const withdrawn = { ...draftOf(shop, "Europe/Berlin"), offers: [] };

const scenes: Record<string, Scene & { size?: [number, number] }> = {
	"nothing is connected": { path: "/admin/integrations", says: { ListIntegrations: {} } },
	"channels ready and broken": { path: "/admin/integrations" },
	"a channel that its provider does not serve": { path: "/admin/integrations/messenger", size: [1280, 1500] },
	"connecting a number": { path: "/admin/integrations/new/whatsapp" },
	"connecting a number on a phone": { path: "/admin/integrations/new/whatsapp", size: [320, 900] },
	"no widget yet": { path: "/admin/widgets", says: { ListWidgets: {} } },
	"the widgets": { path: "/admin/widgets" },
	"a widget": { path: "/admin/widgets/shop-web", size: [1280, 3400] },
	"a widget on a phone": { path: "/admin/widgets/shop-web", size: [320, 4800] },
	"a new widget with nothing connected": {
		path: "/admin/widgets/new",
		says: { ListIntegrations: {}, ListWidgets: {} },
		size: [1280, 2400],
	},
	"a widget that may be looked at": { path: "/admin/widgets/shop-web", scopes: reading },
	"what unticking does": {
		path: "/admin/widgets/shop-web",
		draws: ({ words }) => (
			<main class="page">
				<h1>{words.sections.widgets}</h1>
				<Card title={words.widgets.channels}>
					<Effects
						list={(shop.offers ?? []).map((offer) => ({
							offer,
							offered: false,
							codes: offer.use?.openCodes ?? 0,
							linked: offer.use?.linked ?? 0,
						}))}
						offers={shop.offers ?? []}
						draft={withdrawn}
						change={() => {}}
					/>
				</Card>
			</main>
		),
	},
	"a widget that somebody else has changed meanwhile": {
		path: "/admin/widgets/shop-web",
		draws: ({ words }) => (
			<main class="page wide">
				<h1>{words.sections.widgets}</h1>
				<Card title={words.widgets.look} />
				<section class="save-bar" aria-label={words.widgets.unsaved}>
					<Contest
						rival="Katharina Schmidt-Reuter von der Hohenwarte"
						at="2026-03-02T09:58:00Z"
						parts={[words.widgets.headline, words.widgets.hours, words.widgets.offers]}
						onTheirs={() => {}}
						onMine={() => {}}
					/>
				</section>
			</main>
		),
	},
	"the agents": { path: "/admin/agents" },
	"the agents on a phone": { path: "/admin/agents", size: [320, 900] },
	"an agent": { path: "/admin/agents/ana", size: [1280, 1200] },
	"a login link": {
		path: "/admin/agents/ana",
		draws: () => (
			<main>
				<h1 class="hidden">Ana</h1>
				<LoginLink agentId="ana" name="Ana Núñez" onClose={() => {}} />
			</main>
		),
	},
	"the keys": { path: "/admin/keys" },
	"no key yet": { path: "/admin/keys", says: { ListApiKeys: {} } },
	"making a key": {
		path: "/admin/keys",
		size: [1280, 1000],
		draws: () => (
			<main>
				<h1 class="hidden">API</h1>
				<CreateKey onClose={() => {}} onCreated={() => {}} />
			</main>
		),
	},
	"the audit": { path: "/admin/audit" },
	"what cannot be loaded": {
		path: "/admin/agents",
		says: { ListAgents: new CallError("unavailable", "REASON_UNAVAILABLE", "") },
	},
	"what is on its way": { path: "/admin/agents", says: { ListAgents: undefined } },
	"what is not there": { path: "/admin/agents/nobody" },
	"somebody who is no admin": { path: "/admin/", draws: ({ words }) => <Denied words={words} name="Ben" /> },
	"logging in": {
		path: "/admin/",
		draws: ({ language }) => <LogIn session={nobody} language={language} />,
	},
	"logging in again": {
		path: "/admin/",
		draws: ({ language }) => <LogIn session={nobody} language={language} ended />,
	},
};

/** The states of the admin center. */
export const states: GalleryState[] = Object.entries(scenes).map(([name, scene]) => ({
	name,
	size: scene.size,
	draw: (language) => draw(scene, language),
}));
