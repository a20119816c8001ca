/** Where a reply goes and why: the same that the server decides by, told before it is sent. */

import type { PassedOverReasonJson } from "../../gen/weiche/event/v1/conversation_pb.js";
import type { BindingJson, RouteJson } from "../../gen/weiche/view/v1/route_pb.js";

/** Why a binding is not taken. */
export type Passed = { binding: BindingJson; reason: PassedOverReasonJson };

/** Plan is where a reply goes. */
export interface Plan {
	/** Where it goes; nothing where it can go nowhere. */
	to?: BindingJson;
	/** Where it would go if nothing stood against it. */
	wanted?: BindingJson;
	/** The rule that decides. */
	rule: "last_used" | "named" | "fallback" | "window_closed";
	/** Those that are passed over, in the order of the route. */
	passed: Passed[];
	/** Only a person's answer is allowed there by now. */
	human: boolean;
	/** When what may be sent there ends; not set where it never does. */
	closesAt?: Date;
}

/** Whether a binding is that of a web widget. */
export function isWidget(binding: BindingJson): boolean {
	return (binding.channel ?? "") === "widget";
}

/** Until when a person may answer over a binding; not set where that never ends. */
export function closesAt(binding: BindingJson): Date | undefined {
	const until = binding.humanUntil ?? binding.windowEndsAt;
	return until ? new Date(until) : undefined;
}

/** Why nothing can go over a binding now; nothing where something can. */
export function obstacle(binding: BindingJson, now: Date): PassedOverReasonJson | undefined {
	if (isWidget(binding)) return undefined;
	if (binding.unhealthy) return "PASSED_OVER_REASON_UNHEALTHY";
	if (binding.unconfirmed) return "PASSED_OVER_REASON_UNCONFIRMED";
	const ends = closesAt(binding);
	if (ends ? now >= ends : binding.windowClosed) return "PASSED_OVER_REASON_WINDOW_CLOSED";
	return undefined;
}

/**
 * Where a reply goes now.
 *
 * @param pinned the integration that the agent chose; empty for automatic
 */
export function plan(route: RouteJson, pinned: string, now: Date): Plan {
	const bindings = route.bindings ?? [];
	const widget = bindings.find(isWidget);
	const named = bindings.find((binding) => binding.integrationId === pinned);
	const wanted = named ?? bindings[0];
	const found: Plan = { rule: named ? "named" : "last_used", passed: [], human: false };
	if (!wanted) return found;
	found.wanted = wanted;
	if (isWidget(wanted)) return { ...found, to: wanted };
	const candidates = bindings.filter((binding) => !isWidget(binding) && binding !== named);
	if (named) candidates.unshift(named);
	for (const binding of candidates) {
		const reason = obstacle(binding, now);
		if (!reason) {
			const ends = closesAt(binding);
			return {
				...found,
				to: binding,
				human: binding.windowEndsAt !== undefined && now >= new Date(binding.windowEndsAt),
				...(ends ? { closesAt: ends } : {}),
			};
		}
		found.passed.push({ binding, reason });
		found.rule = "fallback";
		if (reason === "PASSED_OVER_REASON_WINDOW_CLOSED") {
			found.rule = "window_closed";
			break;
		}
	}
	return widget ? { ...found, to: widget } : found;
}

/** So long before it closes a window is counted down. */
const countdown = 2 * 3_600_000;

/** How many minutes a window is open yet, from two hours before it closes; nothing before. */
export function minutesLeft(ends: Date | undefined, now: Date): number | undefined {
	if (!ends) return undefined;
	const left = ends.getTime() - now.getTime();
	return left > 0 && left <= countdown ? Math.max(1, Math.ceil(left / 60_000)) : undefined;
}

/** How long the window of a binding is, in hours; nothing where it has none. */
export function windowHours(binding: BindingJson): number | undefined {
	const ends = closesAt(binding);
	if (!ends || !binding.activeAt) return undefined;
	return Math.round((ends.getTime() - new Date(binding.activeAt).getTime()) / 3_600_000);
}
