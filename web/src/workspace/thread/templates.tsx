/** Choosing a template, filling it in, and sending it. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { CallError } from "../../api/call.js";
import type {
	ListTemplatesRequestJson,
	ListTemplatesResponseJson,
	MessageTemplateJson,
} from "../../gen/weiche/workspace/v1/workspace_pb.js";
import { Dialog } from "../../look/dialog.js";
import { useWorkspace } from "../workspace.js";
import { useConversation, useOf, useSpeech } from "./around.js";
import { type Blank, blanks, filled, hasWords, isTextual, preview } from "./template.js";

/** The templates of an integration. */
export function Templates({ integrationId }: { integrationId: string }) {
	const conversation = useConversation();
	const { words, channel } = useSpeech();
	const name = useOf((state) => state.timeline?.route.bindings)?.find(
		(one) => one.integrationId === integrationId,
	)?.channel;
	const [all, setAll] = useState<MessageTemplateJson[] | "failed">();
	const [sought, setSought] = useState("");
	const [chosen, setChosen] = useState<MessageTemplateJson>();
	const close = () => conversation.templates.update(() => "");
	const load = async () => {
		setAll(undefined);
		try {
			const answer = await conversation.call<ListTemplatesRequestJson, ListTemplatesResponseJson>(
				"ListTemplates",
				{
					integrationId,
				},
			);
			setAll(answer.templates ?? []);
		} catch (error) {
			if (!(error instanceof CallError)) throw error;
			setAll("failed");
		}
	};
	useEffect(() => void load(), [integrationId]);
	const found = Array.isArray(all) ? all.filter((one) => hasWords(one, sought)) : [];
	const search = useRef<HTMLInputElement>(null);
	// The templates come after the dialog, and again after one that was left.
	useLayoutEffect(() => search.current?.focus(), [all, chosen]);
	return (
		<Dialog title={words.templateTitle(channel(name))} onClose={close}>
			{chosen ? (
				<Fill
					template={chosen}
					integrationId={integrationId}
					channel={name ?? ""}
					onBack={() => setChosen(undefined)}
					onSent={close}
				/>
			) : (
				<>
					{all === undefined && <p role="status">{words.templateLoading}</p>}
					{all === "failed" && (
						<p role="alert">
							{words.templateBroken}{" "}
							<button type="button" class="button small" onClick={load}>
								{words.tryAgain}
							</button>
						</p>
					)}
					{Array.isArray(all) && all.length === 0 && <p>{words.templateNone}</p>}
					{Array.isArray(all) && all.length > 0 && (
						<>
							<input
								ref={search}
								class="input"
								type="search"
								aria-label={words.templateSearch}
								placeholder={words.templateSearch}
								value={sought}
								onInput={(event) => setSought(event.currentTarget.value)}
								onKeyDown={(event) => {
									if (event.key !== "Enter" || event.isComposing) return;
									event.preventDefault();
									setChosen(found[0]);
								}}
							/>
							{found.length === 0 && <p role="status">{words.templateFilter}</p>}
							<ul class="template-list">
								{found.map((one) => (
									<li key={`${one.name} ${one.language}`}>
										<button type="button" class="template-entry" onClick={() => setChosen(one)}>
											<bdi>{one.name}</bdi>
											<small>
												{one.language} · {one.category?.toLowerCase()}
											</small>
											<span dir="auto">
												{one.components?.find((component) => component.type === "BODY")?.text}
											</span>
										</button>
									</li>
								))}
							</ul>
						</>
					)}
					<div class="dialog-buttons">
						<button type="button" class="button" onClick={close}>
							{words.cancel}
						</button>
					</div>
				</>
			)}
		</Dialog>
	);
}

/** A template with a field for each value. */
function Fill({
	template,
	integrationId,
	channel,
	onBack,
	onSent,
}: {
	template: MessageTemplateJson;
	integrationId: string;
	channel: string;
	onBack: () => void;
	onSent: () => void;
}) {
	const conversation = useConversation();
	const speech = useSpeech();
	const { words } = speech;
	const { toasts } = useWorkspace();
	const all = blanks(template);
	const [values, setValues] = useState(() => all.map(() => ""));
	const [missing, setMissing] = useState(false);
	const form = useRef<HTMLFormElement>(null);
	useLayoutEffect(() => form.current?.querySelector<HTMLElement>("input, [type=submit]")?.focus(), []);
	const placeOf = (blank: Blank) =>
		blank.place === "HEADER"
			? words.templateHeader
			: blank.place === "BODY"
				? words.templateBody
				: words.templateButton(blank.button ?? "");
	const send = async () => {
		if (values.some((value) => !value.trim())) {
			setMissing(true);
			return;
		}
		onSent();
		const body = template.components?.find((component) => component.type === "BODY");
		const text = body ? preview(body, template, values) : (template.name ?? "");
		const outcome = await conversation.outbox.send(
			{ text, files: [], buttons: [], answers: "" },
			{ note: false, channel, pinned: integrationId, seen: "", strict: false },
			{ content: { parts: [{ template: filled(template, values) }] }, destination: { integrationId } },
		);
		if (outcome.kind !== "refused") return;
		conversation.outbox.take(outcome.token);
		toasts.show({ text: `${words.notSent} ${speech.refusal(outcome.error)}`, bad: true });
	};
	if (!isTextual(template)) {
		return (
			<>
				<p>{words.templateMedia}</p>
				<div class="dialog-buttons">
					<button type="button" class="button" onClick={onBack}>
						{words.templateBack}
					</button>
				</div>
			</>
		);
	}
	return (
		<form
			ref={form}
			class="template-fill"
			onSubmit={(event) => {
				event.preventDefault();
				void send();
			}}
		>
			{all.map((blank, at) => (
				<label key={at} class="field">
					<span>{words.templateValue(blank.name, placeOf(blank))}</span>
					<input
						class="input"
						dir="auto"
						value={values[at]}
						aria-invalid={missing && !values[at]?.trim()}
						onInput={(event) => {
							const text = event.currentTarget.value;
							setValues((now) => now.map((one, of) => (of === at ? text : one)));
						}}
					/>
				</label>
			))}
			<section class="template-preview" aria-label={words.templatePreview}>
				{template.components?.map((component, at) =>
					component.type === "BUTTONS" ? (
						<ul key={at} class="chips">
							{component.buttons?.map((button, of) => (
								<li key={of} dir="auto">
									{button.text}
								</li>
							))}
						</ul>
					) : (
						<p key={at} class={component.type?.toLowerCase()} dir="auto">
							{preview(component, template, values)}
						</p>
					),
				)}
			</section>
			{missing && values.some((value) => !value.trim()) && (
				<p class="bad" role="alert">
					{words.templateMissing}
				</p>
			)}
			<div class="dialog-buttons">
				<button type="button" class="button" onClick={onBack}>
					{words.templateBack}
				</button>
				<button type="submit" class="button primary">
					{words.sendVia(speech.channel(channel))}
				</button>
			</div>
		</form>
	);
}
