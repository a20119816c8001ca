/** German, which is loaded by those who speak it. It imports nothing that the page has already. */

export { de as context } from "../context/words.de.js";
export { de as thread } from "./words.de.js";
