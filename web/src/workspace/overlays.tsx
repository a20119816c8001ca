/** The dialog that is open, if any. */

import { useStore } from "../look/store.js";
import { Assign, Commands, Find, Labels } from "./commands.js";
import { Help } from "./help.js";
import { Password, Sessions } from "./sessions.js";
import { Settings } from "./settings.js";
import { useWorkspace } from "./workspace.js";

/** Draws the dialog of the workspace. */
export function Overlays() {
	const { overlay } = useWorkspace();
	const shown = useStore(overlay, (now) => now);
	// What a dialog leads to may be another one: only what was open is closed.
	const close = () => overlay.update((now) => (now === shown ? undefined : now));
	switch (shown?.kind) {
		case "commands":
			return <Commands onClose={close} />;
		case "find":
			return <Find onClose={close} />;
		case "assign":
			return <Assign conversationId={shown.conversationId} onClose={close} />;
		case "labels":
			return <Labels conversationId={shown.conversationId} onClose={close} />;
		case "help":
			return <Help onClose={close} />;
		case "settings":
			return <Settings onClose={close} />;
		case "sessions":
			return <Sessions onClose={close} />;
		case "password":
			return <Password onClose={close} />;
	}
	return null;
}
