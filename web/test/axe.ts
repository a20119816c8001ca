/** Looks for what keeps people out of a page. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const options: RunOptions = {
	runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
	rules: { "target-size": { enabled: true } },
	// Each document has landmarks of its own.
	iframes: false,
};

/** The violations of WCAG A, AA, 2.2 and best practice by a page and each of those in its frames. */
export async function violations(tab: Page): Promise<string[]> {
	const found: string[] = [];
	for (const frame of tab.frames()) {
		await frame.evaluate(axe);
		const results = (await frame.evaluate(
			(how) => (globalThis as unknown as { axe: { run(how: unknown): unknown } }).axe.run(how),
			options,
		)) as AxeResults;
		for (const one of results.violations) {
			for (const node of one.nodes) {
				const why = node.any[0]?.message ?? node.html;
				found.push(`${one.id}: ${one.help}: ${node.target.flat().join(" ")}: ${why}`);
			}
		}
	}
	return found;
}
