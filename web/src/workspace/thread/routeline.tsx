/** Where a reply goes and why, said before it is sent; and the choice to send it elsewhere. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { BindingJson, RouteJson } from "../../gen/weiche/view/v1/route_pb.js";
import { channelGlyph, Glyph } from "../../look/glyph.js";
import { Menu, type MenuItem } from "../../look/menu.js";
import { useStore } from "../../look/store.js";
import { ago } from "../../look/words.js";
import { capital, type Speech, useConversation, useOf, useSpeech } from "./around.js";
import { reasonOf } from "./delivery.js";
import { isBlank } from "./draft.js";
import { isWidget, minutesLeft, obstacle, type Plan, plan as planOf, windowHours } from "./reply.js";

/** Why a reply goes where it goes, in a few words; empty where that needs none. */
export function whyText(
	plan: Plan,
	route: RouteJson,
	now: Date,
	{ words, name, language, channel }: Speech,
): string {
	const { to } = plan;
	if (!to || plan.rule === "fallback" || plan.rule === "window_closed") return "";
	const used = to.activeAt ? words.lastUsed(name, ago(language, new Date(to.activeAt), now)) : "";
	if (plan.rule === "named") return used;
	const since = route.causedAt ?? route.sinceAt;
	switch (route.rule) {
		case "ROUTE_RULE_LINK_CONFIRMED":
			return since ? words.linkedAt(name, ago(language, new Date(since), now)) : used;
		case "ROUTE_RULE_DISCONNECTED":
		case "ROUTE_RULE_CUT": {
			const gone = route.others?.filter((one) => one.unbound && one.unbound !== "0").at(-1);
			return gone ? words.afterDisconnect(channel(gone.channel)) : used;
		}
		case "ROUTE_RULE_CONTINUED":
			return words.takenOver;
		case "ROUTE_RULE_STARTED":
			return used || words.startedThere;
	}
	return used || words.startedThere;
}

/** What stands in the way of where a reply should go; empty where nothing does. */
export function obstacleText(plan: Plan, templates: boolean, { words, channel }: Speech): string {
	const [first] = plan.passed;
	const reason = reasonOf(first?.reason);
	const from = capital(channel(first?.binding.channel));
	if (!plan.to) {
		if (!first) return words.nowhere;
		if (reason === "WINDOW_CLOSED") return templates ? words.windowNowhere(from) : words.windowRefused(from);
		return words.nowhereBecause(words.because[reason]?.(from) ?? reason);
	}
	if (!first) return "";
	if (reason === "WINDOW_CLOSED" && isWidget(plan.to)) {
		const hours = windowHours(first.binding);
		return hours ? words.windowClosed(hours) : words.neverWrote(channel(first.binding.channel));
	}
	return words.insteadOf(channel(plan.to.channel), words.because[reason]?.(from) ?? reason);
}

/** Where the reply goes, with the channel menu, the window, and what changed meanwhile. */
export function RouteLine({ plan, route, now }: { plan: Plan; route: RouteJson; now: Date }) {
	const conversation = useConversation();
	const speech = useSpeech();
	const { words, language } = speech;
	const { drafts, templates } = conversation;
	const all = useStore(drafts, (value) => value);
	const channels = useOf((state) => state.channels);
	const { to } = plan;
	const channel = speech.channel(to?.channel);
	const why = whyText(plan, route, now, speech);
	const offered = plan.passed.find(
		(one) =>
			one.reason === "PASSED_OVER_REASON_WINDOW_CLOSED" &&
			channels.find((of) => of.integrationId === one.binding.integrationId)?.limits?.templates,
	);
	const obstacle = obstacleText(plan, offered !== undefined, speech);
	const minutes = minutesLeft(plan.closesAt, now);
	const pin = (integrationId: string) =>
		drafts.update((value) => {
			const goes = planOf(route, integrationId, new Date()).to?.integrationId ?? "";
			return { ...value, pinned: integrationId, begunFor: value.begunFor && goes };
		});
	return (
		<>
			<div class="route-line">
				<ChannelMenu plan={plan} route={route} now={now} pinned={all.pinned} onPin={pin} />
				{why && <span class="why-short">({why})</span>}
				{all.pinned && (
					<span class="pinned">
						<Glyph name="pin" />
						{words.pinned}
						<button type="button" class="button plain small" onClick={() => pin("")}>
							{words.automaticLong}
						</button>
					</span>
				)}
				{plan.human && plan.closesAt && (
					<span class="window">
						<Glyph name="person" />
						{words.humanOnly(capital(channel), moment(language, plan.closesAt))}
					</span>
				)}
				{minutes !== undefined && (
					<span class="window">
						<Glyph name="clock" />
						{words.windowCloses(capital(channel), minutes)}
					</span>
				)}
				<Announcement to={to} speech={speech} why={why} />
			</div>
			{obstacle && (
				<p class="route-bar warn">
					<Glyph name="alert" />
					<span>{obstacle}</span>
					{offered && (
						<button
							type="button"
							class="button small"
							onClick={() => templates.update(() => offered.binding.integrationId ?? "")}
						>
							{words.useTemplate}
						</button>
					)}
				</p>
			)}
			<Moved plan={plan} route={route} onPin={pin} />
		</>
	);
}

/** A moment within some days. */
function moment(language: string, at: Date): string {
	return at.toLocaleString(language, { weekday: "short", hour: "numeric", minute: "2-digit" });
}

/** Says to those who hear the page that replies go elsewhere than before, and nothing else. */
function Announcement({ to, speech, why }: { to: BindingJson | undefined; speech: Speech; why: string }) {
	const { words, channel } = speech;
	const before = useRef(to?.integrationId);
	const [said, setSaid] = useState("");
	useEffect(() => {
		if (before.current === to?.integrationId) return;
		before.current = to?.integrationId;
		setSaid(to ? `${words.replying(channel(to.channel))}${why ? ` (${why})` : ""}` : words.nowhere);
	}, [to?.integrationId]);
	return (
		<span class="hidden" role="status">
			{said}
		</span>
	);
}

/** Says that replies go elsewhere than when the draft was begun. */
function Moved({
	plan,
	route,
	onPin,
}: {
	plan: Plan;
	route: RouteJson;
	onPin: (integrationId: string) => void;
}) {
	const { drafts } = useConversation();
	const { words, name, channel } = useSpeech();
	const all = useStore(drafts, (value) => value);
	const { to } = plan;
	if (!to || !all.begunFor || all.begunFor === to.integrationId || isBlank(all.reply)) return null;
	const before = route.bindings?.find((binding) => binding.integrationId === all.begunFor);
	const byCustomer = route.rule === "ROUTE_RULE_CUSTOMER_WROTE" || route.rule === "ROUTE_RULE_LINK_CONFIRMED";
	const moved = byCustomer && plan.rule === "last_used";
	return (
		<p class="route-bar" role="status">
			<Glyph name="route" />
			<span>{moved ? words.moved(name, channel(to.channel)) : words.movedNow(channel(to.channel))}</span>
			{before && (
				<button type="button" class="button small" onClick={() => onPin(before.integrationId ?? "")}>
					{words.keepOn(channel(before.channel))}
				</button>
			)}
			<button
				type="button"
				class="button small"
				onClick={() => drafts.update((value) => ({ ...value, begunFor: to.integrationId ?? "" }))}
			>
				{words.understood}
			</button>
		</p>
	);
}

/** The places that a reply can be sent to, and why it cannot be sent to the others. */
function ChannelMenu({
	plan,
	route,
	now,
	pinned,
	onPin,
}: {
	plan: Plan;
	route: RouteJson;
	now: Date;
	pinned: string;
	onPin: (integrationId: string) => void;
}) {
	const speech = useSpeech();
	const { words, language, channel } = speech;
	const channels = useOf((state) => state.channels);
	const bindings = route.bindings ?? [];
	const automatic = planOf(route, "", now).to;
	const entry = (text: string, sign: string, hint: string) => (
		<>
			<Glyph name={sign === "" ? "route" : channelGlyph(sign)} />
			<span class="entry">
				<bdi>{text}</bdi>
				<small>{hint}</small>
			</span>
		</>
	);
	const items: MenuItem[] = [
		{
			text: words.automatic,
			drawn: entry(words.automatic, "", automatic ? words.automaticWhy(channel(automatic.channel)) : ""),
			checked: pinned === "",
			choose: () => onPin(""),
		},
	];
	for (const binding of bindings) {
		const reason = reasonOf(obstacle(binding, now));
		const text = capital(channel(binding.channel));
		const used = binding.activeAt
			? words.usable(ago(language, new Date(binding.activeAt), now))
			: words.neverUsed;
		items.push({
			text,
			drawn: entry(text, binding.channel ?? "", reason ? (words.disabled[reason] ?? reason) : used),
			checked: pinned === binding.integrationId,
			disabled: reason !== "" && reason !== "WINDOW_CLOSED",
			choose: () => onPin(binding.integrationId ?? ""),
		});
	}
	for (const other of channels) {
		const bound = bindings.some((binding) => binding.integrationId === other.integrationId);
		if (bound || other.channel === "widget") continue;
		const text = capital(channel(other.channel));
		items.push({
			text,
			drawn: entry(text, other.channel ?? "", words.disabled.notLinked ?? ""),
			checked: false,
			disabled: true,
			choose: () => {},
		});
	}
	const said = plan.to ? words.replying(channel(plan.to.channel)) : words.nowhereShort;
	return (
		<div class="route-menu">
			<Menu
				label={`${said}. ${words.channelMenu}`}
				title={words.channelMenu}
				class="button plain small route-button"
				up
				items={items}
			>
				<Glyph name={plan.to ? channelGlyph(plan.to.channel ?? "") : "alert"} />
				<span>{said}</span>
				<Glyph name="down" />
			</Menu>
		</div>
	);
}
