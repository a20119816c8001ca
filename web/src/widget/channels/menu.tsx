import type { OfferedChannelJson } from "../../gen/weiche/widget/v1/widget_pb.js";
import { Menu } from "../../look/menu.js";
import { channelSign, Sign } from "../../look/sign.js";
import { channelName } from "../../look/words.js";
import { useChat, useChatState } from "../chat.js";
import type { MenuWords } from "./menuwords.js";

/** The class of the menu's button, which has the focus again when a channel's page is left. */
export const menuButton = "channel-menu";

/** The button in the head of the chat that offers other channels; nothing where none is offered. */
export function ChannelMenu() {
	const { conversation, words } = useChat();
	const channels = useChatState((state) => state.widget?.channels) ?? [];
	const said = words.menu;
	if (channels.length === 0) return null;
	return (
		<Menu
			label={said.menu}
			title={said.menu}
			class={`tool ${menuButton}`}
			hovers
			items={channels.map((channel) => {
				const name = nameOf(channel, channels);
				const state = stateOf(channel, said);
				return {
					text: name,
					drawn: (
						<>
							<Sign name={channelSign(channel.channel ?? "")} />
							<bdi>{name}</bdi>
							{state && (
								<span class={channel.unhealthy ? "is" : "is good"}>
									<span aria-hidden="true">· </span>
									{state}
								</span>
							)}
						</>
					),
					choose: () => conversation.show({ name: "channel", integrationId: channel.integrationId ?? "" }),
				};
			})}
		>
			<Sign name="phone" />
		</Menu>
	);
}

function stateOf(channel: OfferedChannelJson, said: MenuWords): string {
	if (!channel.linked) return "";
	return channel.unhealthy ? said.disturbed : said.connected;
}

/** The name of a channel; where there are two of a kind, with the business's name there. */
export function nameOf(channel: OfferedChannelJson, all: readonly OfferedChannelJson[]): string {
	const name = channelName(channel.channel ?? "", "");
	const twice = all.filter((other) => other.channel === channel.channel).length > 1;
	return twice && channel.name ? `${name} (${channel.name})` : name;
}
