/** Files that go with a message. */

import type { ChannelLimitsJson } from "../../gen/weiche/workspace/v1/workspace_pb.js";
import { bytes } from "../../look/bytes.js";
import { Glyph } from "../../look/glyph.js";
import { useStore } from "../../look/store.js";
import { useWorkspace } from "../workspace.js";
import { capital, useConversation, useSpeech } from "./around.js";
import { type Draft, write } from "./draft.js";
import { fateOf } from "./limits.js";

/** Attaches files: each is checked before it is sent anywhere. */
export function useAttach(limits: ChannelLimitsJson | undefined, channel: string): (files: File[]) => void {
	const { toasts } = useWorkspace();
	const { words, language } = useSpeech();
	const { uploads, drafts } = useConversation();
	return (files) => {
		for (const file of files) {
			const fate = fateOf(file, limits);
			if (fate.kind === "refused") {
				const text =
					fate.because === "empty"
						? words.fileEmpty(file.name)
						: fate.because === "size"
							? words.fileTooLarge(file.name, bytes(language, fate.max))
							: words.fileType(file.name, capital(channel));
				toasts.show({ text, bad: true });
				continue;
			}
			const { mode } = drafts.value;
			void uploads.send(file).then((uploaded) => {
				if (uploaded === "stopped") return;
				if (uploaded === "failed") {
					toasts.show({ text: words.uploadFailed(file.name), bad: true });
					return;
				}
				drafts.update((now) => {
					const there = { ...now, mode };
					return { ...write(there, { files: [...there[mode].files, uploaded] }, ""), mode: now.mode };
				});
			});
		}
	};
}

/** The files of a draft, and those that are being uploaded. */
export function Attachments({
	draft,
	limits,
	channel,
}: {
	draft: Draft;
	limits: ChannelLimitsJson | undefined;
	channel: string;
}) {
	const { words, language } = useSpeech();
	const { uploads, drafts } = useConversation();
	const running = useStore(uploads, (all) => all);
	if (running.length === 0 && draft.files.length === 0) return null;
	return (
		<ul class="attachments" aria-label={words.attachments}>
			{draft.files.map((file) => {
				const fate = fateOf(file, limits);
				return (
					<li key={file.blobId}>
						<Glyph name={file.type.startsWith("image/") ? "picture" : "file"} />
						<span class="entry">
							<bdi>{file.name}</bdi>
							<small class={fate.kind === "fits" ? "" : "warn"}>
								{fate.kind === "fits"
									? bytes(language, file.size)
									: words.linkInstead(capital(channel), fate.max ? bytes(language, fate.max) : "")}
							</small>
						</span>
						<button
							type="button"
							class="button plain icon small"
							aria-label={words.removeFile(file.name)}
							onClick={() =>
								drafts.update((now) =>
									write(now, { files: draft.files.filter((one) => one.blobId !== file.blobId) }, ""),
								)
							}
						>
							<Glyph name="close" />
						</button>
					</li>
				);
			})}
			{running.map((one) => (
				<li key={one.number}>
					<Glyph name="file" />
					<span class="entry">
						<bdi>{one.name}</bdi>
						<progress max={100} value={one.percent} aria-label={words.uploading(one.name, one.percent)} />
					</span>
					<button
						type="button"
						class="button plain icon small"
						aria-label={words.removeFile(one.name)}
						onClick={() => uploads.stop(one.number)}
					>
						<Glyph name="close" />
					</button>
				</li>
			))}
		</ul>
	);
}
