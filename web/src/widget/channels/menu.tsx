/** The button in the head of the chat that offers other channels; nothing where none is offered. */
export function ChannelMenu() {
	return null;
}
