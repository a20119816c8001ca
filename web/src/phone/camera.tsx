import { useEffect, useRef, useState } from "preact/hooks";
import { Glyph } from "../look/glyph.js";
import type { Language } from "../look/words.js";
import { type Picture, pictureOfFile, textOf } from "./code.js";
import type { Handset } from "./handset.js";
import { phoneWords } from "./words.js";
import "./camera.css";

/** Sight is what the camera can look at: pictures of what is before it. */
export type Sight = () => Promise<Picture[]>;

/** How often the camera looks, in milliseconds. */
const glance = 250;

/** How long it shows what it has found before it opens it, in milliseconds. */
const shown = 500;

/** The camera of the phone: it opens the link of a code that it sees. */
export function Camera({
	handset,
	language,
	sight,
}: {
	handset: Handset;
	language: Language;
	/** What there is to look at; codes are dropped, pasted or chosen where nothing is. */
	sight?: Sight | undefined;
}) {
	const words = phoneWords[language];
	const [seen, setSeen] = useState<{ picture: Picture; text: string }>();
	const [said, setSaid] = useState("");
	const [link, setLink] = useState("");
	const file = useRef<HTMLInputElement>(null);

	useEffect(() => {
		if (!sight || seen) return;
		let over = false;
		let timer: ReturnType<typeof setTimeout> | undefined;
		const look = async () => {
			for (const picture of await sight().catch(() => [])) {
				const text = textOf(picture);
				if (!text || over) continue;
				setSeen({ picture, text });
				return;
			}
			if (!over) timer = setTimeout(() => void look(), glance);
		};
		void look();
		return () => {
			over = true;
			clearTimeout(timer);
		};
	}, [sight, seen]);

	useEffect(() => {
		if (!seen) return;
		const timer = setTimeout(() => {
			void handset.visit(seen.text).then(() => setSeen(undefined));
		}, shown);
		return () => clearTimeout(timer);
	}, [seen]);

	const take = async (picture: Blob | null | undefined) => {
		if (!picture?.type.startsWith("image/")) return;
		try {
			const drawn = await pictureOfFile(picture);
			const text = textOf(drawn);
			setSaid(text ? "" : words.noCodeInPicture);
			if (text) setSeen({ picture: drawn, text });
		} catch {
			setSaid(words.noCodeInPicture);
		}
	};
	useEffect(() => {
		const paste = (event: ClipboardEvent) => {
			const picture = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
			if (picture) void take(picture);
		};
		document.addEventListener("paste", paste);
		return () => document.removeEventListener("paste", paste);
	}, []);

	return (
		// biome-ignore lint/a11y/noStaticElementInteractions: whoever cannot drop chooses a file or pastes
		<div
			class="phone-camera"
			onDragOver={(event) => event.preventDefault()}
			onDrop={(event) => {
				event.preventDefault();
				void take(event.dataTransfer?.files[0]);
			}}
		>
			<h3 class="hidden">{words.camera}</h3>
			<div class="phone-finder">
				{seen ? (
					<Shown picture={seen.picture} />
				) : (
					<p class="phone-finder-hint">
						<Glyph name="scan" />
						<span>{sight ? words.pointing : words.dropCode}</span>
					</p>
				)}
			</div>
			<p class="phone-seen" role="status">
				{seen ? (
					<>
						<Glyph name="check" />
						<span>{words.seen}</span> <bdi>{hostOf(seen.text)}</bdi>
					</>
				) : (
					said || (sight && words.noCode)
				)}
			</p>
			{!sight && (
				<>
					<input
						ref={file}
						type="file"
						accept="image/*"
						class="hidden"
						tabIndex={-1}
						aria-hidden="true"
						onChange={(event) => {
							void take(event.currentTarget.files?.[0]);
							event.currentTarget.value = "";
						}}
					/>
					<button type="button" class="button" onClick={() => file.current?.click()}>
						<Glyph name="picture" />
						{words.choosePicture}
					</button>
				</>
			)}
			<form
				class="phone-link"
				onSubmit={(event) => {
					event.preventDefault();
					const url = link.trim();
					if (url) void handset.visit(url).then((went) => went && setLink(""));
				}}
			>
				<input
					class="input"
					aria-label={words.pasteLink}
					placeholder={words.pasteLink}
					value={link}
					dir="ltr"
					onInput={(event) => setLink(event.currentTarget.value)}
				/>
				<button type="submit" class="button" aria-disabled={!link.trim()}>
					{words.open}
				</button>
			</form>
		</div>
	);
}

/** What the camera saw. */
function Shown({ picture }: { picture: Picture }) {
	const canvas = useRef<HTMLCanvasElement>(null);
	useEffect(() => {
		const context = canvas.current?.getContext("2d");
		if (!context) return;
		const drawn = new ImageData(picture.width, picture.height);
		drawn.data.set(picture.data);
		context.putImageData(drawn, 0, 0);
	}, [picture]);
	return <canvas ref={canvas} width={picture.width} height={picture.height} class="phone-picture" />;
}

function hostOf(text: string): string {
	try {
		return new URL(text).host;
	} catch {
		return text.slice(0, 40);
	}
}
