/** The files that wait to be sent, above the text; nothing where there are none. */
export function AttachmentTray() {
	return null;
}
