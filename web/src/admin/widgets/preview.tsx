/** How a widget will look, beside the form in which it is changed. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { WidgetOfferJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import type { WidgetJson } from "../../gen/weiche/widget/v1/widget_pb.js";
import { type Language, languageOf } from "../../look/words.js";
import { useDesk } from "../context.js";
import { CheckField, SelectField } from "../field.js";
import { words as allWords } from "../words.js";
import type { Chat } from "./chat.js";
import { type Draft, setupOf } from "./draft.js";
import { languageName } from "./editing.js";
import { nextOpening } from "./hours.js";

/** The chat with what is in the form, saved or not. */
export function Preview({ draft, offers }: { draft: Draft; offers: readonly WidgetOfferJson[] }) {
	const { words, language, now } = useDesk();
	const [wanted, setWanted] = useState<Language>();
	const [away, setAway] = useState(false);
	const spoken = languagesOf(draft);
	const first = spoken.includes(language) ? language : (spoken[0] ?? "en");
	const shown = wanted && spoken.includes(wanted) ? wanted : first;
	const closed = away && !draft.hours.always;
	return (
		<aside class="preview" aria-label={words.widgets.preview}>
			<div class="preview-head">
				<h2>{words.widgets.preview}</h2>
				{spoken.length > 1 ? (
					<SelectField
						label={words.widgets.previewLanguage}
						value={shown}
						onValue={(value) => setWanted(value as Language)}
						options={spoken.map((tag) => [tag, languageName(language, tag)] as const)}
					/>
				) : null}
				{draft.hours.always ? null : (
					<CheckField label={words.widgets.previewAway} checked={away} onChecked={setAway} />
				)}
			</div>
			<ChatFrame
				widget={widgetOf(draft, offers, closed ? nextOpening(draft.hours, now()) : undefined)}
				language={shown}
			/>
			<p class="hint soft">{words.widgets.previewNote}</p>
		</aside>
	);
}

/** The languages of the widget that the chat itself speaks; English where there is none. */
export function languagesOf(draft: Draft): Language[] {
	const spoken = draft.languages
		.map((tag) => tag.split("-")[0] ?? "")
		.filter((tag) => languageOf([tag]) === tag);
	return spoken.length ? [...new Set(spoken as Language[])] : ["en"];
}

/** The widget as its visitors would be told of it. */
export function widgetOf(draft: Draft, offers: readonly WidgetOfferJson[], awayUntil?: Date): WidgetJson {
	const { site, languages, appearance } = setupOf("preview", draft);
	return {
		widgetId: "preview",
		site,
		languages,
		appearance,
		channels: offers
			.filter((offer) => offer.healthy && draft.offers.includes(offer.integrationId ?? ""))
			.map(({ integrationId, channel, name }) => ({ integrationId, channel, name })),
		...(awayUntil ? { awayUntil: awayUntil.toISOString() } : {}),
	};
}

function ChatFrame({ widget, language }: { widget: WidgetJson; language: Language }) {
	const { words } = useDesk();
	const place = useRef<HTMLDivElement>(null);
	const shown = { widget, language, example: allWords[language].widgets.example };
	const latest = useRef(shown);
	latest.current = shown;
	const chat = useRef<Chat>(undefined);
	useEffect(() => {
		let left = false;
		void import("./chat.js").then(({ drawChat }) => {
			if (place.current && !left) chat.current = drawChat(place.current, latest.current);
		});
		return () => {
			left = true;
			chat.current?.remove();
		};
	}, []);
	const said = JSON.stringify(widget);
	useEffect(() => chat.current?.show(latest.current), [said, language]);
	return (
		<figure class="preview-chat" aria-label={words.widgets.previewChat}>
			<div ref={place} class="preview-place" />
		</figure>
	);
}
