import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Glyph, type GlyphName } from "../look/glyph.js";
import { useStore } from "../look/store.js";
import type { Language } from "../look/words.js";
import { Device } from "../phone/device.js";
import type { Handset } from "../phone/handset.js";
import { apps } from "../phone/provider.js";
import { standsOn, unreadOf } from "../phone/state.js";
import { switches } from "../phone/switches.js";
import { phoneWords } from "../phone/words.js";
import { Beacon, useBeacon } from "./beacon.js";
import { Drawer } from "./drawer.js";
import { Grip } from "./grip.js";
import { catchLinks, overCode, sightOf } from "./shopframe.js";
import { done, next, type Place, places, steps } from "./story.js";
import type { Visitor } from "./visitor.js";
import { demoWords } from "./words.js";

const glyphs: Record<Place, GlyphName> = { shop: "chat", phone: "phone", workspace: "people" };

/** The demo: the shop, a phone and the workspace, side by side where there is room. */
export function DemoPage({
	handset,
	visitor,
	language,
	onStartOver,
}: {
	handset: Handset;
	visitor: Visitor;
	language: Language;
	onStartOver: () => Promise<void>;
}) {
	const words = demoWords[language];
	const person = useStore(handset.store, (state) => state.person);
	const threads = useStore(handset.store, (state) => state.threads);
	const unread = useStore(handset.store, (state) => apps.reduce((sum, app) => sum + unreadOf(state, app), 0));
	const told = useStore(visitor.store, (value) => value);
	const wrong = useStore(handset.store, (state) => switches.filter((one) => standsOn(state, one)).join());
	const asked = useMemo(
		() =>
			next(
				told.lines,
				told.links,
				threads,
				switches.filter((one) => wrong.split(",").includes(one)),
			),
		[told, threads, wrong],
	);
	const shop = useRef<HTMLIFrameElement>(null);
	const phone = useRef<HTMLDivElement>(null);
	const workspace = useRef<HTMLIFrameElement>(null);
	const { hint, ring } = useBeacon(asked, () => ({
		shop: shop.current,
		phone: phone.current,
		workspace: workspace.current,
		conversation: visitor.store.value.conversation,
	}));
	const wide = useWide();
	const [tab, setTab] = useState<Place>("shop");
	const sight = useMemo(() => () => (shop.current ? sightOf(shop.current)() : Promise.resolve([])), []);
	const say = words.hints[hint.say](hint.app ? phoneWords[language].appNames[hint.app] : "");
	useEffect(() => {
		handset.onVisit = () => setTab("phone");
	}, []);

	const heads: Record<Place, string> = {
		shop: words.shop,
		phone: words.phone(person),
		workspace: words.workspace,
	};
	const part = (place: Place, children: ComponentChildren, aside?: ComponentChildren) => (
		<section
			class={`part ${place}`}
			id={`part-${place}`}
			aria-label={heads[place]}
			data-next={hint.place === place || undefined}
			data-shown={wide || tab === place || undefined}
			inert={!wide && tab !== place}
		>
			{wide && (
				<header class="part-head">
					<Glyph name={glyphs[place]} />
					<h2>{heads[place]}</h2>
					{aside}
					{hint.place === place && <Next say={say} label={words.next} />}
				</header>
			)}
			{children}
		</section>
	);

	return (
		<div class="demo">
			<header class="demo-head">
				<h1>Weiche</h1>
				<p class="demo-lead">{words.lead}</p>
				<Progress at={done(told.lines).steps} label={words.story} />
				<a class="button plain" href="/admin/" target="_blank" rel="noopener">
					<Glyph name="settings" />
					<span class="label">{words.admin}</span>
				</a>
				<button
					type="button"
					class="button plain"
					onClick={() => {
						void onStartOver().then(() => {
							shop.current?.contentWindow?.location.reload();
							setTab("shop");
						});
					}}
				>
					<Glyph name="retry" />
					<span class="label">{words.startOver}</span>
				</button>
			</header>
			{!wide && (
				<nav class="demo-tabs" aria-label={words.parts}>
					{places.map((place) => (
						<button
							type="button"
							key={place}
							aria-current={tab === place ? "true" : undefined}
							data-next={hint.place === place || undefined}
							onClick={() => setTab(place)}
						>
							<Glyph name={glyphs[place]} />
							{words.tabs[place]}
							{place === "phone" && unread > 0 && tab !== "phone" && (
								<b class="phone-badge">
									<span aria-hidden="true">{unread}</span>
									<span class="hidden">{words.unread(unread)}</span>
								</b>
							)}
						</button>
					))}
					{hint.place !== "below" && <Next say={say} label={words.next} />}
				</nav>
			)}
			<p class="hidden" role="status">
				{words.next}: {hint.place !== "below" && `${heads[hint.place]}: `}
				{say}
			</p>
			<main id="main" class="parts" data-wide={wide || undefined}>
				{part(
					"shop",
					<iframe
						ref={shop}
						src="/demo/shop"
						title={words.shop}
						onLoad={(event) => catchLinks(event.currentTarget, (url) => void handset.visit(url))}
					/>,
				)}
				{part(
					"phone",
					<div class="phone-place" ref={phone}>
						<Device
							handset={handset}
							language={language}
							sight={sight}
							grip={
								<Grip
									moved={phone}
									title={words.drag}
									onOver={(x, y) => {
										const frame = shop.current;
										if (frame && handset.store.value.screen !== "camera" && overCode(frame, x, y)) {
											handset.look("camera");
										}
									}}
								/>
							}
						/>
					</div>,
				)}
				{part(
					"workspace",
					<iframe ref={workspace} src="/workspace/" title={words.workspace} />,
					<span class="part-aside">{words.workspaceLead}</span>,
				)}
			</main>
			<Drawer
				handset={handset}
				language={language}
				next={hint.place === "below" && <Next say={say} label={words.next} />}
			/>
			<Beacon ring={ring} />
		</div>
	);
}

/** The next step, in words. */
function Next({ say, label }: { say: string; label: string }) {
	return (
		<p class="next-step" aria-hidden="true" title={say}>
			<b>{label}</b> {say}
		</p>
	);
}

/** How far the story is. */
function Progress({ at, label }: { at: number; label: (at: number, of: number) => string }) {
	return (
		<p class="progress" title={label(Math.min(at + 1, steps.length), steps.length)}>
			<span class="hidden">{label(Math.min(at + 1, steps.length), steps.length)}</span>
			{steps.map((step, index) => (
				<i key={step} data-done={index < at || undefined} aria-hidden="true" />
			))}
		</p>
	);
}

/** Whether all parts have room beside each other. */
function useWide(): boolean {
	const query = useMemo(() => matchMedia("(min-width: 1280px)"), []);
	const [wide, setWide] = useState(query.matches);
	// At once: a change before the next frame would not be heard of.
	useLayoutEffect(() => {
		const look = () => setWide(query.matches);
		query.addEventListener("change", look);
		return () => query.removeEventListener("change", look);
	}, [query]);
	return wide;
}
