import { defineConfig } from "vitest/config";

// Unit tests stand beside what they test; what needs a browser and the program stands
// in test/.
export default defineConfig({
	test: {
		projects: [
			{ extends: true, test: { name: "unit", include: ["src/**/*.test.{ts,tsx}"] } },
			{
				extends: true,
				test: {
					name: "browser",
					include: ["test/**/*.test.ts"],
					globalSetup: ["test/program.ts"],
					testTimeout: 60_000,
					expect: { poll: { timeout: 15_000 } },
					hookTimeout: 120_000,
					fileParallelism: false,
				},
			},
		],
	},
});
