/** A size of a file in the largest unit that fits, such as "1.4 MB". */
export function bytes(language: string, size: number): string {
	const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
	let at = 0;
	let left = size;
	while (left >= 1024 && at < units.length - 1) {
		left /= 1024;
		at++;
	}
	return new Intl.NumberFormat(language, {
		style: "unit",
		unit: units[at] ?? "byte",
		unitDisplay: at === 0 ? "long" : "short",
		maximumFractionDigits: left < 10 && at > 0 ? 1 : 0,
	}).format(left);
}
