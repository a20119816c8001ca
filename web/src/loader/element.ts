/** What the loader and the script that it loads say to each other. */

/** A site's word for who its visitor is: a JWT, asked for whenever a new one is needed. */
export type VisitorToken = () => string | Promise<string>;

/** Frame is what the loader has drawn on a page, and what the page said of it. */
export interface Frame {
	/** The element <weiche-chat>, which tells the page what happens. */
	element: HTMLElement;
	/** Where everything is drawn, within the shadow root. */
	root: HTMLElement;
	/** The button that opens and closes the chat; a whole page has none. */
	launcher: HTMLButtonElement | undefined;
	/** The widget's id. */
	widget: string;
	/** Where the server is. */
	origin: string;
}

/** Widget is a chat on a page. */
export interface Widget {
	/** Opens the panel. */
	open(): void;
	/** Closes it. */
	close(): void;
	/** Lets the visitor in as whom the site says that they are. */
	login(token: VisitorToken): Promise<void>;
	/** Ends the visitor's session: this device knows nothing of them any more. */
	logout(): Promise<void>;
	/** Ends everything: nothing is left that listens, waits or is connected. */
	remove(): void;
}

/** Module is what widget.js exports. */
export interface Module {
	mount(frame: Frame): Widget;
}
