/** What the menu of channels says, and the chat of a link whose code was brought. */

export const english = {
	menu: "Continue on another app",
	connected: "Connected",
	disturbed: "Not available right now",
	notLoaded: "This page could not be loaded.",
	number: (app: string, end: string) => `${app} number ending in ${end}`,
	account: (app: string, name: string) => `${app} account ${name}`,
	isThisYou: "Is this you?",
	itIsMe: "Yes, this is me",
	itIsNotMe: "No",
	confirmThere: (app: string) => `Now confirm in ${app}.`,
	cancel: "Cancel",
};

/** The same in one language. */
export type MenuWords = typeof english;
