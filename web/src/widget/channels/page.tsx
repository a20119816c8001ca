/** The page of one channel: how to link it, or that it is linked. The shell draws the back arrow. */
export function ChannelPage(_: { integrationId: string }) {
	return null;
}
