import { states as admin } from "./admin.js";
import { states as channels } from "./channels.js";
import { states as inbox } from "./inbox.js";
import { states as phone } from "./phone.js";
import type { GalleryState } from "./state.js";
import { states as thread } from "./thread.js";
import { states as widget } from "./widget.js";

/** Every surface with its states: a line for each, imported from the file of its name. */
export const surfaces: Record<string, GalleryState[]> = {
	admin,
	channels,
	inbox,
	phone,
	thread,
	widget,
};
