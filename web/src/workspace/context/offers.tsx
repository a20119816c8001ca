/** Offering the customer to go on over another channel, and what came of it. */

import type {
	OfferLinkRequestJson,
	OfferLinkResponseJson,
} from "../../gen/weiche/workspace/v1/workspace_pb.js";
import { channelGlyph, Glyph } from "../../look/glyph.js";
import { useNow } from "../../look/time.js";
import { clock } from "../../look/words.js";
import { capital, useAttempt, useConversation, useMayWrite, useOf, useSpeech } from "../thread/around.js";
import { openLinks } from "./link.js";

/** The channels that can be offered, those that cannot with the reason, and links that are open. */
export function Offers() {
	const conversation = useConversation();
	const { around: said, language, channel } = useSpeech();
	const now = useNow();
	const attempt = useAttempt();
	const may = useMayWrite();
	const channels = useOf((state) => state.channels);
	const lines = useOf((state) => state.timeline?.lines) ?? [];
	const links = openLinks(lines, channels, now);
	const others = channels.filter((one) => one.channel !== "widget" && !one.bound);
	if (!may || (others.length === 0 && links.length === 0)) return null;
	return (
		<section class="context-part" aria-labelledby="context-offers">
			<h3 id="context-offers">{said.offer}</h3>
			<ul class="offers">
				{others.map((one) => {
					const why = said.why[(one.notOfferable ?? "").slice("NOT_OFFERABLE_".length)];
					const name = capital(channel(one.channel));
					return (
						<li key={one.integrationId}>
							<button
								type="button"
								class="button small"
								aria-disabled={!one.offerable}
								aria-describedby={why ? `why-${one.integrationId}` : undefined}
								onClick={() =>
									one.offerable &&
									attempt(
										() =>
											conversation.act<OfferLinkRequestJson, OfferLinkResponseJson>("OfferLink", {
												integrationId: one.integrationId,
											}),
										said.offered(name),
									)
								}
							>
								<Glyph name={channelGlyph(one.channel ?? "")} />
								{name}
							</button>
							{why && (
								<small class="soft" id={`why-${one.integrationId}`}>
									{why}
								</small>
							)}
						</li>
					);
				})}
			</ul>
			{links.length > 0 && (
				<>
					<h4>{said.openLinks}</h4>
					<ul class="open-links">
						{links.map((link) => {
							const name = capital(channel(link.channel));
							const until = link.expiresAt ? clock(language, link.expiresAt) : "";
							return (
								<li key={link.linkId}>
									<span>
										<b>{name}</b> <span class="soft">{said.linkState[link.state](until)}</span>
									</span>
									<button
										type="button"
										class="button plain icon small"
										aria-label={said.cancelLink(name)}
										title={said.cancelLink(name)}
										onClick={() =>
											attempt(() => conversation.act("CancelLink", { linkId: link.linkId }), said.cancelled)
										}
									>
										<Glyph name="close" />
									</button>
								</li>
							);
						})}
					</ul>
				</>
			)}
		</section>
	);
}
