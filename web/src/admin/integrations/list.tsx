/** The connected channels of the account. */

import type { IntegrationJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { channelGlyph, Glyph } from "../../look/glyph.js";
import { channelName } from "../../look/words.js";
import { useDesk, useLoaded } from "../context.js";
import { Await, Go, Page, Status } from "../page.js";
import { pathOf } from "../route.js";
import { channels, isChannel, shownAddress } from "./draft.js";
import { Health, LastWebhook } from "./health.js";

/** How often health and webhooks are looked at again, in milliseconds. */
export const lookAgain = 15_000;

/** All channels with what is connected of each, and a way to connect more. */
export function Integrations() {
	const { admin, words } = useDesk();
	const loaded = useLoaded(() => admin.integrations(), lookAgain);
	return (
		<Page title={words.sections.integrations} lead={words.integrations.lead}>
			<Await of={loaded}>{(integrations) => <ChannelCards integrations={integrations} />}</Await>
		</Page>
	);
}

/** A card for each channel. */
export function ChannelCards({ integrations }: { integrations: IntegrationJson[] }) {
	const others = integrations.map((one) => one.channel ?? "").filter((channel) => !isChannel(channel));
	return (
		<>
			{[...channels, ...new Set(others)].map((channel) => (
				<ChannelCard
					key={channel}
					channel={channel}
					all={integrations.filter((one) => one.channel === channel)}
				/>
			))}
		</>
	);
}

function ChannelCard({ channel, all }: { channel: string; all: IntegrationJson[] }) {
	const { words, may } = useDesk();
	const heading = `channel-${channel}`;
	const about = words.integrations.about[channel] ?? words.integrations.bySetup;
	return (
		<section class="card channel" aria-labelledby={heading}>
			<header>
				<Glyph name={channelGlyph(channel)} />
				<div>
					<h2 id={heading}>{channelName(channel, words.web)}</h2>
					<p class="soft">{about}</p>
					{all.length ? null : <Status kind="none">{words.integrations.none}</Status>}
				</div>
				{isChannel(channel) && may("setup:write") ? (
					<Go to={pathOf("integrations", "new", channel)} class={all.length ? "button" : "button primary"}>
						<Glyph name="plus" />
						{words.integrations.connect(words.integrations.things[channel] ?? "")}
					</Go>
				) : null}
			</header>
			{all.length ? (
				<ul class="rows">
					{all.map((integration) => (
						<li key={integration.integrationId}>
							<Go to={pathOf("integrations", integration.integrationId)} class="row">
								<span class="row-name">
									<bdi>{integration.name || integration.integrationId}</bdi>
									<bdi class="soft">{shownAddress(channel, integration.address ?? "")}</bdi>
								</span>
								<span class="row-state">
									<Health integration={integration} />
									{isChannel(channel) ? <LastWebhook integration={integration} /> : null}
								</span>
								<Glyph name="forward" />
							</Go>
						</li>
					))}
				</ul>
			) : null}
		</section>
	);
}
