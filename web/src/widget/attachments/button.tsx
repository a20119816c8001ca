/** The button in the composer that chooses files. */
export function AttachButton() {
	return null;
}
