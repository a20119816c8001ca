/** What a message says, piece by piece. */

import type { ContentJson, PartJson } from "../../gen/weiche/event/v1/content_pb.js";
import type { MediaFileJson, TimelineItemJson } from "../../gen/weiche/view/v1/timeline_pb.js";
import { Glyph } from "../../look/glyph.js";
import { Text } from "../../look/text.js";
import type { ThreadWords } from "../said.js";
import { useSpeech } from "./around.js";
import { FilePart } from "./file.js";

/** What a line says in one line of text. */
export function plainText(line: TimelineItemJson, words: ThreadWords): string {
	if (line.unsent) return words.unsent;
	if (line.erased) return words.erased;
	return plain(line.content, words);
}

/** What a content says in one line of text. */
export function plain(content: ContentJson | undefined, words: ThreadWords): string {
	const said = (content?.parts ?? []).map((part) => plainPart(part, words)).filter(Boolean);
	return said.join(" · ") || words.empty;
}

function plainPart(part: PartJson, words: ThreadWords): string {
	if (part.text) return part.text.body ?? "";
	if (part.media) return part.media.caption || part.media.fileName || words.file;
	if (part.location)
		return [words.place, part.location.name, part.location.address].filter(Boolean).join(", ");
	if (part.contacts) return (part.contacts.cards ?? []).map((card) => card.name).join(", ");
	if (part.answer)
		return part.answer.formJson ? words.form(part.answer.formName ?? "") : (part.answer.title ?? "");
	if (part.postback) return part.postback.title ?? "";
	if (part.share) return `${words.shared} ${part.share.title || part.share.url || ""}`;
	if (part.order) return words.order(part.order.items?.length ?? 0);
	if (part.buttons) return part.buttons.body ?? "";
	if (part.template) return words.template(part.template.name ?? "");
	if (part.reacted) return part.reacted.emoji ?? "";
	return words.unsupported(part.unsupported?.type ?? "");
}

/** A content, with its files where they are. */
export function Content({
	content,
	files,
	from,
}: {
	content?: ContentJson;
	files?: MediaFileJson[];
	from: string;
}) {
	const { words } = useSpeech();
	const { referral } = content ?? {};
	return (
		<>
			{content?.forwarded && <p class="aside">{words.forwarded}</p>}
			{referral && (referral.headline || referral.url) && (
				<p class="aside">
					{words.referral} <Text text={[referral.headline, referral.url].filter(Boolean).join(" ")} />
				</p>
			)}
			{content?.replyTo?.storyUrl !== undefined && <p class="aside">{words.story}</p>}
			{content?.parts?.map((part, at) => (
				<Part key={at} part={part} file={files?.find((file) => (file.part ?? 0) === at)} from={from} />
			))}
		</>
	);
}

function Part({ part, file, from }: { part: PartJson; file?: MediaFileJson; from: string }) {
	const { words } = useSpeech();
	if (part.text)
		return (
			<p class="said">
				<Text text={part.text.body ?? ""} />
			</p>
		);
	if (part.media) return <FilePart media={part.media} file={file} from={from} />;
	if (part.buttons) {
		return (
			<>
				<p class="said">
					<Text text={part.buttons.body ?? ""} />
				</p>
				<ul class="chips" aria-label={words.quickReplies}>
					{part.buttons.buttons?.map((button) => (
						<li key={button.payload} dir="auto">
							{button.title}
						</li>
					))}
				</ul>
			</>
		);
	}
	if (part.location) {
		const { latitude = 0, longitude = 0, name, address } = part.location;
		const map = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`;
		return (
			<div class="card">
				<p class="card-title" dir="auto">
					{name || words.place}
				</p>
				{address && <p dir="auto">{address}</p>}
				<a href={map} target="_blank" rel="noopener noreferrer" title="www.openstreetmap.org">
					{words.onMap}
				</a>
			</div>
		);
	}
	if (part.contacts) {
		return (
			<>
				{part.contacts.cards?.map((card, at) => (
					<div key={at} class="card">
						<p class="card-title" dir="auto">
							{card.name}
						</p>
						{[card.organisation, ...(card.phones ?? []), ...(card.emails ?? [])]
							.filter(Boolean)
							.map((line, of) => (
								<p key={of} dir="auto">
									{line}
								</p>
							))}
					</div>
				))}
			</>
		);
	}
	if (part.share) {
		return (
			<p class="said">
				{words.shared} <Text text={[part.share.title, part.share.url].filter(Boolean).join(" ")} />
			</p>
		);
	}
	if (part.order) {
		return (
			<div class="card">
				<p class="card-title">{words.order(part.order.items?.length ?? 0)}</p>
				{part.order.text && <p dir="auto">{part.order.text}</p>}
				<ul>
					{part.order.items?.map((item, at) => (
						<li key={at} dir="auto">
							{item.quantity} × {item.productId} {item.price} {item.currency}
						</li>
					))}
				</ul>
			</div>
		);
	}
	if (part.answer?.formJson) {
		return (
			<details class="card">
				<summary>{words.form(part.answer.formName ?? "")}</summary>
				<pre dir="ltr">{part.answer.formJson}</pre>
			</details>
		);
	}
	if (part.answer || part.postback) {
		const title = part.answer?.title ?? part.postback?.title ?? "";
		return (
			<p class="said picked" dir="auto">
				<Glyph name="check" /> {part.answer ? words.chose(title) : words.tapped(title)}
			</p>
		);
	}
	if (part.template)
		return <TemplatePart name={part.template.name ?? ""} json={part.template.componentsJson ?? ""} />;
	if (part.reacted) return <p class="said">{part.reacted.emoji}</p>;
	return <p class="aside">{words.unsupported(part.unsupported?.type ?? "")}</p>;
}

/** A template that was sent: its name, and the values that were put in. */
function TemplatePart({ name, json }: { name: string; json: string }) {
	const { words } = useSpeech();
	const values = valuesOf(json);
	return (
		<div class="card">
			<p class="card-title" dir="auto">
				{words.template(name)}
			</p>
			{values.length > 0 && <p dir="auto">{values.join(" · ")}</p>}
		</div>
	);
}

/** The values in the parameters of a template. */
function valuesOf(json: string): string[] {
	try {
		const components = JSON.parse(json || "[]") as { parameters?: { text?: string }[] }[];
		return components.flatMap((one) => one.parameters ?? []).flatMap(({ text }) => (text ? [text] : []));
	} catch {
		return [];
	}
}
