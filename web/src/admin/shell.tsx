/** The admin center around its pages. */

import { Ask } from "../look/dialog.js";
import { Glyph, type GlyphName } from "../look/glyph.js";
import { useStore } from "../look/store.js";
import { useDesk } from "./context.js";
import { Go } from "./page.js";
import { Place } from "./places.js";
import { pathOf, type Route, routeOf, type Section, sections } from "./route.js";
import type { AdminWords } from "./words.js";

const glyphs: Record<Section, GlyphName> = {
	integrations: "link",
	widgets: "chat",
	agents: "people",
	keys: "key",
	audit: "history",
};

/** What is wanted that is no path: to log out. */
const logOut = "log out";

/** What a role has to allow for a section to be there. */
const scopes: Record<Section, string> = {
	integrations: "setup:read",
	widgets: "setup:read",
	agents: "access:read",
	keys: "access:read",
	audit: "events:read",
};

/** The sections that somebody may see. */
export function sectionsFor(may: (scope: string) => boolean): Section[] {
	return sections.filter((section) => may(scopes[section]));
}

/** The bar, the sections, and the page of the place; the question of unsaved changes. */
export function Shell({ onLogOut }: { onLogOut: () => void }) {
	const { router, words, me, may } = useDesk();
	const path = useStore(router.at, (at) => at.path);
	const wanted = useStore(router.at, (at) => at.wanted);
	const route: Route = routeOf(path);
	return (
		<div class="admin">
			<a class="skip" href="#main">
				{words.skip}
			</a>
			<header class="bar">
				<p class="bar-name">
					<bdi>{me.accountName || me.accountId}</bdi>
					<span class="soft">{words.title}</span>
				</p>
				<a class="button plain" href="/workspace/">
					<Glyph name="chat" />
					<span class="bar-text">{words.workspace}</span>
				</a>
				<button type="button" class="button plain" onClick={() => router.asks(logOut) || onLogOut()}>
					<Glyph name="logout" />
					<span class="bar-text">{words.logOut}</span>
				</button>
			</header>
			<nav class="sections" aria-label={words.nav}>
				<ul>
					{sectionsFor(may).map((section) => (
						<li key={section}>
							<Go to={pathOf(section)} current={section === route.section}>
								<Glyph name={glyphs[section]} />
								{words.sections[section]}
							</Go>
						</li>
					))}
				</ul>
			</nav>
			<main id="main" tabIndex={-1}>
				<Place key={path} route={route} />
			</main>
			{wanted ? (
				<Ask
					question={{ ...words.leave, danger: true }}
					onYes={() => {
						const to = router.leave();
						if (to === logOut) onLogOut();
						else router.go(to);
					}}
					onNo={() => router.stay()}
				/>
			) : null}
		</div>
	);
}

/** The page for who may not set anything up. */
export function Denied({ words, name }: { words: AdminWords; name: string }) {
	return (
		<main class="login-page">
			<div class="denied">
				<h1>{words.denied.title}</h1>
				<p>{words.denied.text(name)}</p>
				<a class="button primary" href="/workspace/">
					{words.denied.back}
				</a>
			</div>
		</main>
	);
}
