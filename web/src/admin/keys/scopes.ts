/** What a key may do. */

/** All scopes, as they are documented, in their order. */
export const scopes = [
	"conversations:read",
	"conversations:write",
	"customers:read",
	"customers:write",
	"events:read",
	"setup:read",
	"setup:write",
	"access:read",
	"access:write",
	"owners:write",
] as const;

export type Scope = (typeof scopes)[number];

/** What keys are mostly for, with what that takes. */
export const presets = {
	workspace: ["conversations:read", "conversations:write", "customers:read", "customers:write"],
	reporting: ["conversations:read", "customers:read", "events:read"],
	setup: ["setup:read", "setup:write"],
} as const satisfies Record<string, readonly Scope[]>;

export type Preset = keyof typeof presets;

/** The preset that is exactly these scopes, if there is one. */
export function presetOf(chosen: readonly string[]): Preset | undefined {
	return (Object.keys(presets) as Preset[]).find(
		(name) =>
			presets[name].length === chosen.length && presets[name].every((scope) => chosen.includes(scope)),
	);
}

/** After how many days a key can end by itself; 0 is never. */
export const lifetimes = [30, 90, 365, 0] as const;

/** When a key ends that lives so many days; nothing where it does not. */
export function endOf(days: number, now: Date): string | undefined {
	return days > 0 ? new Date(now.getTime() + days * 86_400_000).toISOString() : undefined;
}
