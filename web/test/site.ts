/** Sites of others that have the widget on their pages. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, inject } from "vitest";

/** A page of a site. */
export interface SitePage {
	/** The body, as HTML. */
	body: string;
	/** More in the head, such as styles. */
	head?: string;
	/** The header Content-Security-Policy; none if empty. */
	policy?: string;
}

/** Site is a web server of somebody else. */
export class Site {
	private server: Server | undefined;
	private readonly pages = new Map<string, SitePage>();
	/** Its origin. */
	origin = "";

	/** Puts a page there and returns its address. */
	put(path: string, page: SitePage): string {
		this.pages.set(path, page);
		return this.origin + path;
	}

	/** Puts a page with the widget there and returns its address. */
	withWidget(widget: string, page: Partial<SitePage> & { attributes?: string } = {}): string {
		return this.put(`/${widget}`, {
			...page,
			body: `${page.body ?? "<h1>Blue Shop</h1>"}
<script async src="${inject("origin")}/loader.js"></script>
<weiche-chat widget="${widget}" ${page.attributes ?? ""}></weiche-chat>`,
		});
	}

	async start(): Promise<void> {
		const server = createServer((request, answer) => {
			const page = this.pages.get(new URL(request.url ?? "/", "http://site").pathname);
			answer.statusCode = page ? 200 : request.url === "/favicon.ico" ? 204 : 404;
			answer.setHeader("Content-Type", "text/html; charset=utf-8");
			if (page?.policy) answer.setHeader("Content-Security-Policy", page.policy);
			answer.end(
				page
					? `<!doctype html><html lang="en"><head><title>Blue Shop</title>${page.head ?? ""}</head><body>${page.body}</body></html>`
					: "",
			);
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		this.server = server;
		this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	}

	stop(): void {
		this.server?.close();
		this.server?.closeAllConnections();
	}
}

/** To be called once in a test file: a site for its tests. */
export function useSite(): Site {
	const site = new Site();
	beforeAll(() => site.start());
	afterAll(() => site.stop());
	return site;
}
