/** A site's word for who its visitor is, as far as a page can read it. */

/**
 * The site's own id of the person whom a JWT is about; empty where there is none. It is
 * not checked, which only the server can: a page compares it with the one before.
 */
export function whoIs(jwt: string | undefined): string {
	const [, payload = ""] = jwt?.split(".") ?? [];
	try {
		const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) =>
			c.charCodeAt(0),
		);
		const said = JSON.parse(new TextDecoder().decode(bytes)) as { external_id?: unknown };
		return typeof said.external_id === "string" ? said.external_id : "";
	} catch {
		return "";
	}
}
