/** The channels that customers can switch to, and what a change does to those who have. */

import type { WidgetOfferJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { channelGlyph, Glyph } from "../../look/glyph.js";
import { channelName } from "../../look/words.js";
import { useDesk } from "../context.js";
import { CheckField, ChoiceField } from "../field.js";
import { channels } from "../integrations/draft.js";
import { Card, Go, Status } from "../page.js";
import { pathOf } from "../route.js";
import type { AdminWords } from "../words.js";
import { type Consequence, consequences, type Draft } from "./draft.js";
import type { Editing } from "./editing.js";

/** A switch for each channel: those that are connected can be ticked. */
export function ChannelsCard({
	draft,
	before,
	offers: all,
	change,
	disabled,
}: Editing & {
	/** The widget as it is saved. */
	before: Draft;
	offers: readonly WidgetOfferJson[];
}) {
	const { words } = useDesk();
	const offers = [...all].sort((a, b) => rank(a) - rank(b));
	const missing = channels.filter((channel) => !offers.some((offer) => offer.channel === channel));
	const set = (id: string, offered: boolean) =>
		change({ offers: offered ? [...draft.offers, id] : draft.offers.filter((one) => one !== id) });
	return (
		<Card title={words.widgets.channels} lead={words.widgets.channelsLead}>
			<ul class="switches">
				{offers.map((offer) => (
					<li key={offer.integrationId}>
						<Glyph name={channelGlyph(offer.channel ?? "")} />
						<CheckField
							as="switch"
							label={offerName(words, offer, offers)}
							hint={offer.healthy ? "" : words.widgets.unhealthy}
							checked={draft.offers.includes(offer.integrationId ?? "")}
							onChecked={(offered) => set(offer.integrationId ?? "", offered)}
							disabled={disabled}
						>
							{offer.healthy ? null : (
								<Go to={pathOf("integrations", offer.integrationId)}>{words.widgets.see}</Go>
							)}
						</CheckField>
						{offer.healthy ? (
							<Status kind="good">{words.integrations.ready}</Status>
						) : (
							<Status kind="bad">{words.integrations.error("")}</Status>
						)}
					</li>
				))}
				{missing.map((channel) => (
					<li key={channel}>
						<Glyph name={channelGlyph(channel)} />
						<CheckField
							as="switch"
							label={channelName(channel, words.web)}
							hint={words.widgets.notConnected}
							checked={false}
							onChecked={() => {}}
							disabled
						>
							<Go to={pathOf("integrations", "new", channel)}>
								{words.widgets.connect(channelName(channel, words.web))}
							</Go>
						</CheckField>
						<Status kind="none">{words.integrations.none}</Status>
					</li>
				))}
			</ul>
			<Effects list={consequences(before, draft, offers)} offers={offers} draft={draft} change={change} />
		</Card>
	);
}

/** Where a channel stands in the list: as everywhere, and those of one's own behind. */
function rank(offer: WidgetOfferJson): number {
	const at = (channels as readonly string[]).indexOf(offer.channel ?? "");
	return at < 0 ? channels.length : at;
}

/** What saving does, in words, and what shall become of those who are linked. */
export function Effects({
	list,
	offers,
	draft,
	change,
}: {
	list: Consequence[];
	offers: readonly WidgetOfferJson[];
	draft: Draft;
	change: (part: Partial<Draft>) => void;
}) {
	const { words } = useDesk();
	const linked = list.some((one) => !one.offered && one.linked > 0);
	return (
		<div role="status">
			{list.length ? (
				<div class="effects">
					<h3>{words.widgets.effect}</h3>
					<ul>
						{list.map((one) => (
							<li key={one.offer.integrationId}>{effectOf(words, one, draft.cut, offers)}</li>
						))}
					</ul>
					{linked ? (
						<ChoiceField
							label={words.widgets.cutLabel}
							value={draft.cut ? "cut" : "keep"}
							onValue={(value) => change({ cut: value === "cut" })}
							options={[
								{ value: "keep", text: words.widgets.cutNo },
								{ value: "cut", text: words.widgets.cutYes },
							]}
						/>
					) : null}
				</div>
			) : null}
		</div>
	);
}

/** One sentence about a channel that comes or goes. */
export function effectOf(
	words: AdminWords,
	{ offer, offered, codes, linked }: Consequence,
	cut: boolean,
	offers: readonly WidgetOfferJson[],
): string {
	const name = offerName(words, offer, offers);
	const channel = channelName(offer.channel ?? "", words.web);
	if (offered) return `${words.widgets.on(name)}.`;
	const parts = [
		codes ? words.widgets.codes(codes) : "",
		linked ? (cut ? words.widgets.cut : words.widgets.keep)(linked, channel) : "",
	].filter((part) => part);
	return `${words.widgets.off(name)}: ${parts.join("; ") || words.widgets.nobody}.`;
}

/** The name of a channel, with that of the account where there are several of it. */
function offerName(words: AdminWords, offer: WidgetOfferJson, offers: readonly WidgetOfferJson[]): string {
	const channel = channelName(offer.channel ?? "", words.web);
	const alone = offers.filter((other) => other.channel === offer.channel).length === 1;
	return alone || !offer.name ? channel : `${channel} · ${offer.name}`;
}
