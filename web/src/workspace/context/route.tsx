/** The route: where a reply goes, in which order, and since when. */

import type { BindingJson } from "../../gen/weiche/view/v1/route_pb.js";
import { channelGlyph, Glyph } from "../../look/glyph.js";
import { useNow } from "../../look/time.js";
import { capital, useOf, useSpeech } from "../thread/around.js";
import { closesAt, isWidget, obstacle } from "../thread/reply.js";

/** The bindings in their order, each with its window. */
export function Route() {
	const { around: said, language, channel } = useSpeech();
	const now = useNow();
	const route = useOf((state) => state.timeline?.route);
	if (!route) return null;
	const bindings = route.bindings ?? [];
	const rule = said.rule[(route.rule ?? "").slice("ROUTE_RULE_".length)];
	const time = (at: Date) =>
		at.toLocaleString(language, { weekday: "short", hour: "numeric", minute: "2-digit" });
	const stands = (binding: BindingJson): string => {
		const reason = obstacle(binding, now);
		if (reason === "PASSED_OVER_REASON_UNHEALTHY") return said.status.unhealthy;
		if (reason === "PASSED_OVER_REASON_UNCONFIRMED") return said.status.unconfirmed;
		if (isWidget(binding)) return said.window.always;
		const ends = closesAt(binding);
		if (!ends) return reason ? said.window.never : said.window.always;
		return reason ? said.window.closed : said.window.open(time(ends));
	};
	return (
		<section class="context-part" aria-labelledby="context-route">
			<h3 id="context-route">{said.route}</h3>
			{bindings.length === 0 ? (
				<p class="soft">{said.routeEmpty}</p>
			) : (
				<>
					<p class="soft">{said.routeHint}</p>
					<ol class="route">
						{bindings.map((binding, at) => (
							<li key={binding.identityId}>
								<Glyph name={channelGlyph(binding.channel ?? "")} />
								<span>
									<b>{capital(channel(binding.channel))}</b>{" "}
									{at === 0 && rule && (
										<span>
											{rule}, {time(new Date(route.sinceAt ?? 0))}
										</span>
									)}
									<br />
									<small class="soft">{stands(binding)}</small>
								</span>
							</li>
						))}
					</ol>
				</>
			)}
			<p class="soft">{said.version(route.version ?? "0")}</p>
		</section>
	);
}
