/** Where an agent writes: a reply, which always says where it goes, or a note. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Glyph } from "../../look/glyph.js";
import { useStore } from "../../look/store.js";
import { useNow } from "../../look/time.js";
import { useKeys } from "../keys.js";
import { threadHeading } from "../panes.js";
import { useWorkspace } from "../workspace.js";
import { useConversation, useMayWrite, useOf, useSpeech } from "./around.js";
import { Attachments, useAttach } from "./attachments.js";
import { plainText } from "./content.js";
import { type Drafts, isBlank, restore, sent, titlesOf, write } from "./draft.js";
import { Findings } from "./findings.js";
import { blocks, check } from "./limits.js";
import { QuickReplies } from "./quickreplies.js";
import { plan as planOf } from "./reply.js";
import { RouteLine } from "./routeline.js";
import { Templates } from "./templates.js";
import { lineOf } from "./timeline.js";

/** A sign of typing is repeated after so many milliseconds. */
const typingEvery = 4000;

/** The composer of the conversation. */
export function Composer() {
	const conversation = useConversation();
	const { drafts, outbox } = conversation;
	const { toasts } = useWorkspace();
	const speech = useSpeech();
	const { words, name } = speech;
	const now = useNow();
	const all = useStore(drafts, (value) => value);
	const uploads = useStore(conversation.uploads, (value) => value);
	const route = useOf((state) => state.timeline?.route) ?? {};
	const erased = route.rule === "ROUTE_RULE_ERASED";
	const lines = useOf((state) => state.timeline?.lines) ?? [];
	const channels = useOf((state) => state.channels);
	const templates = useStore(conversation.templates, (value) => value);
	const may = useMayWrite();
	const [recheck, setRecheck] = useState(false);
	const [dropping, setDropping] = useState(false);
	const field = useRef<HTMLTextAreaElement>(null);
	const note = all.mode === "note";
	const draft = note ? all.note : all.reply;
	const plan = planOf(route, all.pinned, now);
	const to = plan.to;
	const limits = note ? undefined : channels.find((one) => one.integrationId === to?.integrationId)?.limits;
	const titles = note ? [] : titlesOf(draft);
	const findings = check({ text: draft.text.trim(), files: draft.files.length, buttons: titles }, limits);
	const question = titles.length > 0 && draft.text.trim() === "";
	const ready =
		(draft.text.trim() !== "" || draft.files.length > 0) &&
		!findings.some(blocks) &&
		!question &&
		uploads.length === 0 &&
		(note || to !== undefined);
	const attach = useAttach(limits, speech.channel(to?.channel));

	const put = (change: (value: Drafts) => Drafts) => drafts.update(change);
	const turn = (mode: "reply" | "note") => {
		put((value) => ({ ...value, mode }));
		field.current?.focus();
	};
	useKeys({ r: () => turn("reply"), n: () => turn("note") });

	// The channel that was pinned is not there any more: it would be a silent change.
	const bound = route.bindings?.some((binding) => binding.integrationId === all.pinned);
	useEffect(() => {
		if (!all.pinned || bound) return;
		const gone = channels.find((one) => one.integrationId === all.pinned)?.channel;
		put((value) => ({ ...value, pinned: "" }));
		toasts.show({ text: words.unpinned(speech.channel(gone)) });
	}, [all.pinned, bound]);

	const typed = useRef(0);
	const type = (on: boolean) => {
		if (note || (on && Date.now() - typed.current < typingEvery)) return;
		if (!on && typed.current === 0) return;
		typed.current = on ? Date.now() : 0;
		conversation.type(on);
	};
	useEffect(() => () => type(false), [conversation, note]);

	useLayoutEffect(() => {
		const area = field.current;
		if (!area) return;
		area.style.blockSize = "auto";
		area.style.blockSize = `${area.scrollHeight + 2}px`;
	}, [draft.text, all.mode]);

	const send = async () => {
		if (!ready) return;
		const { channel = "", integrationId = "" } = to ?? {};
		type(false);
		setRecheck(false);
		put(sent);
		const outcome = await outbox.send(draft, {
			note,
			channel: note ? "" : channel,
			pinned: all.pinned,
			seen: route.version ?? "",
			strict: draft.files.length > 0,
		});
		if (outcome.kind === "taken" && outcome.answer.routeMoved) {
			const went = outcome.answer.route;
			if (went && went.integrationId !== integrationId)
				toasts.show({ text: words.sentElsewhere(speech.channel(went.channel)) });
		}
		if (outcome.kind !== "refused") return;
		// What was refused comes back to be changed.
		const back = outbox.take(outcome.token);
		if (back) put((value) => restore(value, back.draft, note));
		if (outcome.error.reason === "REASON_ROUTE_CHANGED") setRecheck(true);
		else toasts.show({ text: `${words.notSent} ${speech.refusal(outcome.error)}`, bad: true });
	};

	if (erased) return <p class="composer-none">{words.erasedCustomer}</p>;
	if (!may) return null;
	const quoted = draft.answers ? lineOf(lines, draft.answers) : undefined;
	return (
		<>
			<form
				class={`composer ${all.mode}${dropping ? " dropping" : ""}`}
				aria-label={words.composer}
				onSubmit={(event) => {
					event.preventDefault();
					void send();
				}}
				onKeyDown={(event) => {
					// Out of the text, where single keys do something again.
					if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
					event.preventDefault();
					document.getElementById(threadHeading)?.focus({ preventScroll: true });
				}}
				onDragOver={(event) => {
					if (!event.dataTransfer?.types.includes("Files")) return;
					event.preventDefault();
					setDropping(true);
				}}
				onDragLeave={() => setDropping(false)}
				onDrop={(event) => {
					event.preventDefault();
					setDropping(false);
					attach([...(event.dataTransfer?.files ?? [])]);
				}}
			>
				<div class="composer-top">
					<fieldset class="modes">
						<legend class="hidden">{words.composer}</legend>
						{(["reply", "note"] as const).map((mode) => (
							<label key={mode} class={all.mode === mode ? "mode on" : "mode"}>
								<input
									type="radio"
									name="mode"
									class="hidden"
									checked={all.mode === mode}
									onChange={() => turn(mode)}
								/>
								{mode === "note" && <Glyph name="lock" />}
								{words[mode]}
								{!isBlank(all[mode]) && all.mode !== mode && (
									<span class="dot" title={words.draft}>
										<span class="hidden">{words.draft}</span>
									</span>
								)}
							</label>
						))}
					</fieldset>
					{note ? (
						<p class="route-line">
							<Glyph name="lock" />
							{words.onlyAgents}
						</p>
					) : (
						<RouteLine plan={plan} route={route} now={now} />
					)}
				</div>
				{recheck && !note && (
					<p class="route-bar warn" role="alert">
						<Glyph name="alert" />
						<span>{words.movedChecked(speech.channel(to?.channel))}</span>
					</p>
				)}
				{draft.answers && (
					<div class="answering">
						<blockquote class="quoted">
							<span class="hidden">{words.answers} </span>
							<bdi>{quoted ? plainText(quoted, words) : words.gone}</bdi>
						</blockquote>
						<button
							type="button"
							class="button plain icon small"
							aria-label={words.cancelQuote}
							onClick={() => put((value) => write(value, { answers: "" }, ""))}
						>
							<Glyph name="close" />
						</button>
					</div>
				)}
				<textarea
					ref={field}
					id="composer-text"
					class="input composer-text"
					dir="auto"
					rows={2}
					aria-label={note ? words.noteText : words.replyText(speech.channel(to?.channel))}
					aria-describedby="composer-findings"
					placeholder={note ? words.notePlaceholder : words.replyPlaceholder(name)}
					value={draft.text}
					onInput={(event) => {
						const text = event.currentTarget.value;
						put((value) => write(value, { text }, to?.integrationId ?? ""));
						type(text.trim() !== "");
					}}
					onKeyDown={(event) => {
						// An input method takes Enter for itself; some say so by the code only.
						if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
						event.preventDefault();
						void send();
					}}
					onPaste={(event) => {
						const files = [...(event.clipboardData?.files ?? [])];
						if (files.length === 0) return;
						event.preventDefault();
						attach(files);
					}}
					onBlur={() => type(false)}
				/>
				{dropping && <p class="drop-here">{words.drop}</p>}
				{draft.buttons.length > 0 && <QuickReplies draft={draft} most={limits?.buttonTitle ?? 0} />}
				<Attachments draft={draft} limits={limits} channel={speech.channel(to?.channel)} />
				<Findings findings={findings} question={question} channel={speech.channel(to?.channel)} />
				<div class="composer-foot">
					<AttachButton onFiles={attach} />
					{!note && (
						<>
							<button
								type="button"
								class="button plain icon"
								aria-label={words.quickReplies}
								title={words.quickReplies}
								aria-pressed={draft.buttons.length > 0}
								onClick={() =>
									put((value) =>
										write(value, { buttons: draft.buttons.length ? [] : ["", ""] }, to?.integrationId ?? ""),
									)
								}
							>
								<Glyph name="buttons" />
							</button>
							<TemplateButton />
						</>
					)}
					<button type="submit" class="button primary send" aria-disabled={!ready}>
						<Glyph name={note ? "note" : "send"} />
						{note ? words.saveNote : to ? words.sendVia(speech.channel(to.channel)) : words.send}
					</button>
				</div>
			</form>
			{templates && <Templates integrationId={templates} />}
		</>
	);
}

function AttachButton({ onFiles }: { onFiles: (files: File[]) => void }) {
	const { words } = useSpeech();
	const input = useRef<HTMLInputElement>(null);
	return (
		<>
			<input
				ref={input}
				type="file"
				multiple
				hidden
				onChange={(event) => {
					onFiles([...(event.currentTarget.files ?? [])]);
					event.currentTarget.value = "";
				}}
			/>
			<button
				type="button"
				class="button plain icon"
				aria-label={words.attach}
				title={words.attach}
				onClick={() => input.current?.click()}
			>
				<Glyph name="attach" />
			</button>
		</>
	);
}

/** Offers templates where a channel of the route has them. */
function TemplateButton() {
	const { words } = useSpeech();
	const conversation = useConversation();
	const bindings = useOf((state) => state.timeline?.route.bindings);
	const channels = useOf((state) => state.channels);
	const has = bindings?.find(
		(binding) => channels.find((one) => one.integrationId === binding.integrationId)?.limits?.templates,
	);
	if (!has) return null;
	return (
		<button
			type="button"
			class="button plain icon"
			aria-label={words.templates}
			title={words.templates}
			onClick={() => conversation.templates.update(() => has.integrationId ?? "")}
		>
			<Glyph name="template" />
		</button>
	);
}
