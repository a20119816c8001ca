/** One widget, or a new one. */

import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import type { WidgetOfferJson, WidgetSettingsJson } from "../../gen/weiche/admin/v1/admin_pb.js";
import { Glyph } from "../../look/glyph.js";
import { Contest } from "../contest.js";
import { useDesk, useLoaded } from "../context.js";
import { type Edited, useEdited, versionOf } from "../edited.js";
import { Form, TextField } from "../field.js";
import { freeId, slug } from "../integrations/draft.js";
import { Await, Nothing, Page, Problem } from "../page.js";
import { problemOf } from "../problem.js";
import { pathOf } from "../route.js";
import { AppearanceCard } from "./appearance.js";
import { ChannelsCard } from "./channels.js";
import { type Draft, draftOf, newDraft, same, setupOf, wrongsOf } from "./draft.js";
import type { Editing } from "./editing.js";
import { EmbedCard, OriginsCard } from "./embed.js";
import { LanguagesCard } from "./languages.js";
import { OpeningCard } from "./opening.js";
import { partsOf } from "./parts.js";
import { Preview } from "./preview.js";
import { SwitchingCard } from "./switching.js";
import { VisitorsCard } from "./visitors.js";

/** The page of a widget; "new" is the page for a new one. */
export function Widget({ id }: { id: string }) {
	const { admin, words } = useDesk();
	const loaded = useLoaded(async () => {
		const [widgets, integrations] = await Promise.all([admin.widgets(), admin.integrations()]);
		return { widgets, integrations };
	});
	const back = { to: pathOf("widgets"), name: words.sections.widgets };
	const isNew = id === "new";
	const found = loaded.value?.widgets.find((widget) => widget.widgetId === id);
	if (loaded.value && !found && !isNew) return <Nothing back={back} />;
	return (
		<Page
			title={isNew ? words.widgets.newTitle : found?.appearance?.title || found?.site || id}
			back={back}
			actions={
				found ? (
					<a class="button" href="#embed">
						<Glyph name="copy" />
						{words.widgets.embed}
					</a>
				) : null
			}
			wide
		>
			<Await of={loaded}>
				{({ widgets, integrations }) => (
					<Editor
						settings={found}
						offers={
							found?.offers ??
							integrations.map(({ integrationId, channel, name, healthy }) => ({
								integrationId,
								channel,
								name,
								healthy,
							}))
						}
						taken={[
							...widgets.map((one) => one.widgetId ?? ""),
							...integrations.map((one) => one.integrationId ?? ""),
						]}
						again={async (id) => (await loaded.again())?.widgets.find((widget) => widget.widgetId === id)}
						put={(saved) =>
							loaded.put((all) => ({
								...all,
								widgets: all.widgets.map((widget) => (widget.widgetId === id ? saved : widget)),
							}))
						}
					/>
				)}
			</Await>
		</Page>
	);
}

/** The form of a widget with its preview. Nothing of it counts before it is saved. */
export function Editor({
	settings,
	offers,
	taken,
	again,
	put,
}: {
	/** The widget as it is saved; nothing for a new one. */
	settings?: WidgetSettingsJson;
	offers: readonly WidgetOfferJson[];
	/** Ids that a new one cannot have. */
	taken: readonly string[];
	/** Reads a widget again. */
	again: (id: string) => Promise<WidgetSettingsJson | undefined>;
	/** Takes over what was saved. */
	put: (saved: WidgetSettingsJson) => void;
}) {
	const { admin, words, language, may, router, say } = useDesk();
	const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
	/** What somebody else has made meanwhile under the id that was to be the new one's. */
	const [made, setMade] = useState<WidgetSettingsJson>();
	const [wantedId, setWantedId] = useState("");
	const listed = settings ?? made;
	const id = settings?.widgetId ?? "";
	const edited = useEdited<WidgetSettingsJson, Draft>(
		listed,
		async () => {
			const theirs = await again(id || newId);
			if (!id) setMade(theirs);
			return theirs;
		},
		(of) => (of ? draftOf(of, zone) : newDraft(language, zone)),
		same,
	);
	const { draft, before, changed } = edited;
	const [tried, setTried] = useState(false);
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState("");
	const newId = made?.widgetId ?? (wantedId || freeId(slug(draft.site) || "chat", taken));
	const wrongs = wrongsOf(draft);
	const wrongId = listed ? "" : wrongNewId(newId, taken);
	const disabled = busy || !may("setup:write");
	// Before anything else can happen: who goes back at once is asked, too.
	useLayoutEffect(() => {
		router.hold(changed);
		return () => router.hold(false);
	}, [changed]);
	// Once theirs counts, this is its page.
	useEffect(() => {
		if (made && !changed) router.replace(pathOf("widgets", made.widgetId));
	}, [made, changed]);
	const save = async (now: Edited<WidgetSettingsJson, Draft> = edited) => {
		setTried(true);
		setProblem("");
		if (wrongsOf(now.draft).length || wrongId) return false;
		setBusy(true);
		try {
			const setup = { ...setupOf(id || newId, now.draft), seenVersion: versionOf(now.seen) };
			const saved = (await admin.putWidget(setup)).widget ?? {};
			setTried(false);
			if (id) {
				put(saved);
				edited.begin(saved);
				say(words.saved);
			} else {
				say(words.widgets.created(draft.site));
				router.replace(pathOf("widgets", newId));
			}
			return true;
		} catch (error) {
			if (await edited.contested(error, now)) return true;
			setProblem(problemOf(words, error));
			return false;
		} finally {
			setBusy(false);
		}
	};
	/** What is listed now, which may be theirs. */
	const discard = () => {
		edited.begin(listed);
		setTried(false);
		setProblem("");
	};
	const editing: Editing = {
		draft,
		change: edited.change,
		wrongs: tried ? wrongs : [],
		disabled,
	};
	const faults = tried ? wrongs.length + (wrongId ? 1 : 0) : 0;
	return (
		<div class="editor">
			<Form onSend={() => save()} class="editor-form">
				{may("setup:write") ? null : <p class="notice">{words.readOnly}</p>}
				<AppearanceCard {...editing} />
				<ChannelsCard {...editing} before={before} offers={offers} />
				<LanguagesCard {...editing} />
				<OpeningCard {...editing} />
				<SwitchingCard {...editing} />
				<OriginsCard {...editing} />
				{id ? null : (
					<section class="card" aria-label={words.widgets.id}>
						<TextField
							label={words.widgets.id}
							hint={words.widgets.idHint}
							error={tried && wrongId ? words.widgets.wrong[wrongId] : ""}
							value={newId}
							onValue={setWantedId}
							code
							disabled={disabled || made !== undefined}
						/>
					</section>
				)}
				<VisitorsCard
					{...editing}
					id={id}
					keys={settings?.visitorKeyIds ?? []}
					signedOnly={before.signedOnly}
					again={() => again(id)}
				/>
				<EmbedCard id={id} accent={before.accent} />
				{changed || busy || !id ? (
					<section class="save-bar" aria-label={words.widgets.unsaved}>
						{edited.rival === undefined || busy ? (
							<>
								<div role="status">
									{busy
										? words.saving
										: faults
											? words.widgets.faults(faults)
											: changed
												? words.widgets.unsaved
												: ""}
								</div>
								<Problem text={problem} />
								{changed ? (
									<button type="button" class="button" disabled={busy} onClick={discard}>
										{words.widgets.discard}
									</button>
								) : null}
								<button type="submit" class="button primary" disabled={disabled}>
									{id ? words.save : words.widgets.create}
								</button>
							</>
						) : (
							<Contest
								rival={edited.rival}
								made={made !== undefined}
								at={listed?.changedAt ?? ""}
								parts={partsOf(words, made ? draft : before, listed ? draftOf(listed, zone) : before)}
								onTheirs={discard}
								onMine={() => void save(edited.keep())}
							/>
						)}
					</section>
				) : null}
			</Form>
			<Preview draft={draft} offers={offers} />
		</div>
	);
}

/** What is wrong with the id of a new widget. */
function wrongNewId(id: string, taken: readonly string[]): "id" | "idTaken" | "" {
	if (!/^[a-z0-9-]{1,64}$/.test(id) || /^-+$/.test(id) || id === "new") return "id";
	return taken.includes(id) ? "idTaken" : "";
}
