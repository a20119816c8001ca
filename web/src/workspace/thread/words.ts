/** What the conversation says, by language. */

import type { Words } from "../../look/words.js";
import { de } from "./words.de.js";
import { en } from "./words.en.js";

/** What the conversation says. */
export type ThreadWords = typeof en;

/** The same by language. */
export const words: Words<ThreadWords> = { en, de };
