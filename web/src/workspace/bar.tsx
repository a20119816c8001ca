/** The bar above the panes: where this is, finding, and the agent. */

import { Avatar } from "../look/avatar.js";
import { Glyph } from "../look/glyph.js";
import { Menu, type MenuItem } from "../look/menu.js";
import { useStore } from "../look/store.js";
import { modK } from "./help.js";
import { useWords } from "./said.js";
import { useTeam, useWorkspace } from "./workspace.js";

/** The bar. */
export function Bar() {
	const workspace = useWorkspace();
	const words = useWords();
	const team = useTeam();
	const view = useStore(workspace.places, (place) => place.view);
	return (
		<header class="bar">
			<h1 class="hidden">{words.viewTitle[view]}</h1>
			<span class="brand">
				<svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
					<path d="M7 20V4M7 14C7 9 17 11 17 4" />
				</svg>
				<bdi class="account">{team?.me.accountName || words.app}</bdi>
			</span>
			<button
				type="button"
				class="jump"
				onClick={() => workspace.show({ kind: "commands" })}
				aria-keyshortcuts="Control+K Meta+K"
			>
				<Glyph name="search" />
				<span>{words.jump}</span>
				<kbd>{modK}</kbd>
			</button>
			<AccountMenu />
		</header>
	);
}

function AccountMenu() {
	const workspace = useWorkspace();
	const words = useWords();
	const team = useTeam();
	const name = team?.me.agent?.name || team?.me.agent?.agentId || "";
	const items: MenuItem[] = [
		...(workspace.may("setup:read") ? [entry("open", words.admin, () => location.assign("/admin/"))] : []),
		entry("help", words.help, () => workspace.show({ kind: "help" })),
		entry("settings", words.settings, () => workspace.show({ kind: "settings" })),
		entry("phone", words.sessions, () => workspace.show({ kind: "sessions" })),
		entry("key", words.password, () => workspace.show({ kind: "password" })),
		entry(
			"logout",
			words.logOut,
			() =>
				void workspace.session
					.logOut()
					.catch(() => workspace.toasts.show({ text: words.noConnection, bad: true })),
		),
	];
	return (
		<Menu label={words.account(name)} title={name} items={items}>
			<Avatar name={name} />
		</Menu>
	);
}

function entry(glyph: Parameters<typeof Glyph>[0]["name"], text: string, choose: () => void): MenuItem {
	return {
		text,
		drawn: (
			<>
				<Glyph name={glyph} />
				{text}
			</>
		),
		choose,
	};
}
