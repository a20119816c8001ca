import type { QrCodeJson } from "../../gen/weiche/widget/v1/widget_pb.js";

/** The blank modules that readers want around a code. */
const quiet = 4;

/** A QR code, black on white whatever the colours of the page are. */
export function Qr({ code, name }: { code: QrCodeJson; name: string }) {
	const side = (code.size ?? 0) + 2 * quiet;
	return (
		<svg class="qr" viewBox={`${-quiet} ${-quiet} ${side} ${side}`} role="img" aria-label={name}>
			<path class="paper" d={`M${-quiet} ${-quiet}h${side}v${side}h${-side}z`} />
			<path d={code.path} />
		</svg>
	);
}
