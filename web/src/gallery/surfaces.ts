import { states as admin } from "./admin.js";
import { states as channels } from "./channels.js";
import { states as demo } from "./demo.js";
import { states as inbox } from "./inbox.js";
import { states as phone } from "./phone.js";
import type { GalleryState } from "./state.js";
import { states as thread } from "./thread.js";
import { states as widget } from "./widget.js";
import { states as workspace } from "./workspace.js";

/**
 * Every surface with its states: a line for each, imported from the file of its name. The
 * bundle has a line for each too, which makes its styles.
 */
export const surfaces: Record<string, GalleryState[]> = {
	admin,
	channels,
	demo,
	inbox,
	phone,
	thread,
	widget,
	workspace,
};
