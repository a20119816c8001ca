/** Builds and runs the program with simulated providers, for all browser tests. */

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
	interface ProvidedContext {
		/** Where the program serves. */
		origin: string;
		/** Where the simulated providers are. */
		providers: string;
		/** The token of the installation's administrator. */
		admin: string;
	}
}

/** How long the program may take until it serves. */
const patience = 60_000;

export default async function start(project: TestProject): Promise<() => Promise<void>> {
	const out = join(import.meta.dirname, "..", "out");
	const binary = join(out, "weiche");
	execFileSync("go", ["build", "-o", binary, "weiche/services/cmd/weiche"], {
		cwd: join(import.meta.dirname, "..", ".."),
		env: { ...process.env, CGO_ENABLED: "0" },
		stdio: "inherit",
	});
	const folder = mkdtempSync(join(tmpdir(), "weiche-web-"));
	const data = join(folder, "data");
	const any = "127.0.0.1:0";
	const program = spawn(binary, ["demo", "--data", data, "--http", any, "--admin", any, "--simulator", any], {
		stdio: ["ignore", "pipe", "pipe"],
	});
	const ended = new Promise<number | null>((resolve) => program.on("exit", resolve));
	let said = "";
	const ready = new Promise<void>((resolve, reject) => {
		const late = setTimeout(() => reject(new Error(`the program does not serve:\n${said}`)), patience);
		const hear = (text: Buffer) => {
			said += text;
			if (said.includes("Ctrl-C ends it.")) {
				clearTimeout(late);
				resolve();
			}
		};
		program.stdout.on("data", hear);
		program.stderr.on("data", hear);
		void ended.then((code) => reject(new Error(`the program ended with ${code}:\n${said}`)));
	});
	await ready;
	const [, origin, providers] = /serves on (\S+), the simulated providers on (\S+)\.\n/.exec(said) ?? [];
	if (!origin || !providers) throw new Error(`no addresses in:\n${said}`);
	project.provide("origin", origin);
	project.provide("providers", providers);
	project.provide("admin", readFileSync(join(data, "tokens", "admin"), "utf8").trim());
	return async () => {
		program.kill("SIGTERM");
		const hung = setTimeout(() => program.kill("SIGKILL"), 15_000);
		await ended;
		clearTimeout(hung);
		rmSync(folder, { recursive: true, force: true });
	};
}
