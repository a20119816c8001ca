import { useEffect, useRef } from "preact/hooks";
import { bytes } from "../../look/bytes.js";
import { Sign } from "../../look/sign.js";
import { useStore } from "../../look/store.js";
import { useChat } from "../chat.js";
import { areReady, type Chosen, type Refusal } from "./files.js";
import type { FileWords } from "./words.js";

/** The files that wait to be sent, above the text; nothing where there are none. */
export function AttachmentTray() {
	const { attachments, words } = useChat();
	const files = useStore(attachments.store, (now) => now);
	const said = words.files;
	const count = files.chosen.length;
	return (
		<>
			{files.refused.length > 0 && (
				<div class="refused" role="alert">
					{files.refused.map(({ name, refusal }, at) => (
						<p key={at}>
							<bdi>{said.notTaken(name)}</bdi> {why(refusal, said)}
						</p>
					))}
				</div>
			)}
			{count > 0 && (
				<ul class="tray" aria-label={said.files}>
					{files.chosen.map((one) => (
						<ChosenFile key={one.id} one={one} said={said} />
					))}
				</ul>
			)}
			<p class="hidden" role="status">
				{count > 0 && areReady(files) ? said.ready(count) : ""}
			</p>
		</>
	);
}

/** Why a file is not taken, in words, with the limit. */
export function why(refusal: Refusal, said: FileWords): string {
	switch (refusal.why) {
		case "size":
			return said.size(refusal.limit);
		case "count":
			return said.count(refusal.limit);
	}
	return said[refusal.why];
}

function ChosenFile({ one, said }: { one: Chosen; said: FileWords }) {
	const { attachments, language } = useChat();
	const { id, file, done, blobId, failed } = one;
	return (
		<li class={`chosen${failed ? " failed" : ""}`}>
			<Preview file={file} />
			<span class="what">
				<bdi title={file.name}>{file.name}</bdi>
				{failed ? (
					<span class="bad">{why(failed, said)}</span>
				) : blobId ? (
					<span>{bytes(language, file.size)}</span>
				) : (
					<progress value={done} max={1} aria-label={said.uploading(file.name)} />
				)}
			</span>
			{failed?.why === "unreachable" && (
				<button
					type="button"
					class="tool"
					aria-label={said.retry}
					title={said.retry}
					onClick={() => attachments.retry(id)}
				>
					<Sign name="retry" />
				</button>
			)}
			<button
				type="button"
				class="tool"
				aria-label={said.remove(file.name)}
				title={said.remove(file.name)}
				onClick={() => attachments.remove(id)}
			>
				<Sign name="close" />
			</button>
		</li>
	);
}

/** The side of a preview, in pixels of twice the density. */
const side = 80;

/**
 * A small picture of a file. It is drawn, as pages with a strict policy let no script
 * show what is on the device by an address.
 */
function Preview({ file }: { file: File }) {
	const canvas = useRef<HTMLCanvasElement>(null);
	useEffect(() => {
		let gone = false;
		if (!/^image\/(png|jpeg|gif|webp)$/.test(file.type)) return;
		createImageBitmap(file).then(
			(picture) => {
				const pen = gone ? null : canvas.current?.getContext("2d");
				const scale = side / Math.min(picture.width, picture.height);
				const [width, height] = [picture.width * scale, picture.height * scale];
				pen?.drawImage(picture, (side - width) / 2, (side - height) / 2, width, height);
				if (pen) canvas.current?.classList.add("drawn");
				picture.close();
			},
			() => {}, // it is none, or a broken one
		);
		return () => {
			gone = true;
		};
	}, [file]);
	return (
		<span class="preview" aria-hidden="true">
			<Sign name={file.type.startsWith("image/") ? "picture" : "file"} />
			<canvas ref={canvas} width={side} height={side} />
		</span>
	);
}
