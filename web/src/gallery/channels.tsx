/** The states of the menu of channels, of their pages, and of files and buttons. */

import type { LinkJson, OfferedChannelJson } from "../gen/weiche/widget/v1/widget_pb.js";
import type { Language } from "../look/words.js";
import type { Files } from "../widget/attachments/files.js";
import { ChatScene, type Scene, said, shop } from "./chat.js";
import type { GalleryState } from "./state.js";

/** A code that looks like one and says nothing. */
function madeUpCode(size: number): { size: number; path: string } {
	const corners = [
		[0, 0],
		[size - 7, 0],
		[0, size - 7],
	] as const;
	let path = corners.map(([x, y]) => `M${x} ${y}h7v7h-7zm1 1v5h5v-5zM${x + 2} ${y + 2}h3v3h-3z`).join("");
	let seed = 7;
	for (let y = 0; y < size; y++) {
		for (let x = 0; x < size; x++) {
			seed = (seed * 48_271) % 2_147_483_647;
			const free = corners.every(([cx, cy]) => x < cx - 1 || x > cx + 7 || y < cy - 1 || y > cy + 7);
			if (free && seed % 2) path += `M${x} ${y}h1v1h-1z`;
		}
	}
	return { size, path };
}

function link(state: LinkJson["state"], more: Partial<LinkJson> = {}): LinkJson {
	return {
		linkId: "l1",
		integrationId: "whatsapp",
		channel: "whatsapp",
		state,
		code: "w1a2q6pmk2awm2mt4e4476efi7zw",
		url: "https://wa.me/15550100001",
		qr: madeUpCode(41),
		expiresAt: new Date(Date.now() + 14 * 60_000).toISOString(),
		...more,
	};
}

const lines = [
	said(1, "customer", "Hello! Is the blue chair still there?"),
	said(2, "agent", "It is. Would you like to see it?"),
];

function offered(change: Partial<OfferedChannelJson>): typeof shop {
	const channels = shop.channels?.map((one) => (one.channel === "whatsapp" ? { ...one, ...change } : one));
	return { ...shop, channels };
}

const linked = offered({ linked: true, hint: "67", url: "https://wa.me/15550100001" });

/** One state of the page of WhatsApp that is not linked. */
function page(name: string, answer: LinkJson | undefined, full?: boolean): GalleryState {
	return {
		name,
		size: full ? [390, 780] : [560, 740],
		draw: (language) => (
			<ChatScene
				language={language}
				full={full}
				state={{ lines, view: { name: "channel", integrationId: "whatsapp" } }}
				answers={answer ? { RequestLink: { link: answer } } : {}}
			/>
		),
	};
}

function scene(name: string, make: (language: Language) => Omit<Scene, "language">): GalleryState {
	return {
		name,
		size: [560, 740],
		draw: (language) => <ChatScene language={language} {...make(language)} />,
	};
}

const files: Files = {
	last: 3,
	chosen: [
		{
			id: 1,
			file: new File(["x".repeat(48_000)], "invoice of the blue chair, second copy.pdf"),
			done: 1,
			blobId: "b",
		},
		{ id: 2, file: new File(["x"], "living room.jpg"), done: 0.6 },
		{ id: 3, file: new File(["x"], "plan.dwg"), done: 0, failed: { why: "unreachable" } },
	],
	refused: [{ name: "film.mp4", refusal: { why: "size", limit: 25 * 1024 * 1024 } }],
};

const clickButton = (selector: string) => (root: HTMLElement) =>
	root.querySelector<HTMLElement>(selector)?.click();

const onLinked = {
	lines,
	widget: linked,
	repliesTo: "whatsapp",
	view: { name: "channel", integrationId: "whatsapp" },
} as const;

export const states: GalleryState[] = [
	scene("the menu", () => ({ state: { lines }, after: clickButton(".channel-menu") })),
	scene("the menu, one linked, one away", () => ({
		state: {
			lines,
			widget: {
				...linked,
				channels: linked.channels?.map((one) =>
					one.channel === "instagram" ? { ...one, linked: true, unhealthy: true } : one,
				),
			},
		},
		after: clickButton(".channel-menu"),
	})),
	page("a code is made", undefined),
	page("a code waits", link("LINK_STATE_WAITING")),
	page("a code waits, on a phone", link("LINK_STATE_WAITING"), true),
	page("brought, to be confirmed there", link("LINK_STATE_MATCHED", { hint: "67" })),
	page("brought, is this you", link("LINK_STATE_MATCHED", { hint: "67", asks: true })),
	page("connected", link("LINK_STATE_CONNECTED")),
	page("expired", link("LINK_STATE_EXPIRED")),
	page("in use", link("LINK_STATE_FAILED", { reason: "bound_elsewhere" })),
	page("declined", link("LINK_STATE_CANCELLED", { reason: "answered_no" })),
	page("withdrawn", link("LINK_STATE_CANCELLED", { reason: "withdrawn" })),
	scene("asked in the chat, is this you", () => ({
		state: { lines, links: [link("LINK_STATE_MATCHED", { hint: "67", asks: true })] },
	})),
	scene("asked in the chat, to be confirmed there", () => ({
		state: { lines, links: [link("LINK_STATE_MATCHED", { hint: "67" })] },
	})),
	scene("linked", () => ({ state: onLinked })),
	scene("linked, not available", () => ({
		state: {
			...onLinked,
			widget: offered({ linked: true, unhealthy: true, hint: "67" }),
			repliesTo: "widget",
		},
	})),
	scene("disconnect?", () => ({ state: onLinked, after: clickButton("button.button") })),
	scene("files to send", () => ({ state: { lines }, files })),
	scene("a question with buttons", () => ({
		state: {
			lines: [
				...lines,
				said(3, "agent", "", {
					content: {
						parts: [
							{
								buttons: {
									body: "Which colour would you like?",
									buttons: [
										{ payload: "b", title: "Blue" },
										{ payload: "l", title: "Light blue" },
										{ payload: "d", title: "Dark blue with stripes" },
									],
								},
							},
						],
					},
				}),
			],
		},
	})),
];
