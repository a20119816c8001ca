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

/** After how many days a key can end by itself; 0 is never. */
export const lifetimes = [30, 90, 365, 0] as const;

/** When a key ends that lives so many days; nothing where it does not. */
export function endOf(days: number, now: Date): string | undefined {
	return days > 0 ? new Date(now.getTime() + days * 86_400_000).toISOString() : undefined;
}
