/** German, which is loaded by those who speak it. It imports nothing that the page has already. */

export { de as context } from "./context/words.de.js";
export { de as inbox } from "./inbox/words.de.js";
export { de as thread } from "./thread/words.de.js";
export { de as page } from "./words.de.js";
