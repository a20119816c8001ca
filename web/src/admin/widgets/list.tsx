/** The widgets of the account. */

import type { WidgetSettingsJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { channelGlyph, Glyph } from "../../look/glyph.js";
import { channelName } from "../../look/words.js";
import { useDesk, useLoaded } from "../context.js";
import { Await, Go, Page } from "../page.js";
import { pathOf } from "../route.js";

/** All widgets, and a way to make one. */
export function Widgets() {
	const { admin, words, may } = useDesk();
	const loaded = useLoaded(() => admin.widgets());
	return (
		<Page
			title={words.sections.widgets}
			lead={words.widgets.lead}
			actions={
				may("setup:write") ? (
					<Go to={pathOf("widgets", "new")} class="button primary">
						<Glyph name="plus" />
						{words.widgets.add}
					</Go>
				) : null
			}
		>
			<Await of={loaded}>{(widgets) => <WidgetList widgets={widgets} />}</Await>
		</Page>
	);
}

/** The list of widgets. */
export function WidgetList({ widgets }: { widgets: WidgetSettingsJson[] }) {
	const { words } = useDesk();
	if (widgets.length === 0) return <p class="empty">{words.widgets.empty}</p>;
	return (
		<ul class="rows card">
			{widgets.map((widget) => (
				<li key={widget.widgetId}>
					<Go to={pathOf("widgets", widget.widgetId)} class="row">
						<span class="row-name">
							<bdi>{widget.appearance?.title || widget.site || widget.widgetId}</bdi>
							<bdi class="soft code">{widget.widgetId}</bdi>
						</span>
						<span class="row-state soft">
							{(widget.offers ?? [])
								.filter((offer) => offer.offered)
								.map((offer) => (
									<span key={offer.integrationId} class="with-glyph">
										<Glyph name={channelGlyph(offer.channel ?? "")} />
										{channelName(offer.channel ?? "", words.web)}
									</span>
								))}
						</span>
						<Glyph name="forward" />
					</Go>
				</li>
			))}
		</ul>
	);
}
