/** Programs to copy: how a page has the chat, and how a site says who its visitors are. */

/** The tags for a page. The button has the widget's colour from the first, where it has one. */
export function embedSnippet(origin: string, widget: string, accent = ""): string {
	const colour = accent && ` accent="${accent}"`;
	return `<script async src="${origin}/loader.js"></script>
<weiche-chat widget="${widget}"${colour}></weiche-chat>`;
}

/** The frame for a page that wants no foreign script. */
export function frameSnippet(origin: string, widget: string): string {
	return `<iframe src="${origin}/w/${widget}" title="Chat" width="380" height="640"></iframe>`;
}

/** What a page with a policy of its own has to allow. */
export function policySnippet(origin: string): string {
	return `script-src ${origin}; connect-src ${origin} ${origin.replace(/^http/, "ws")}; img-src ${origin}`;
}

/** The call by which a page signs its visitor in. */
export function loginSnippet(): string {
	return `<script>
	(window.weiche ||= []).push(["login", () => fetch("/chat-token").then((answer) => answer.text())]);
</script>`;
}

/** Node without any package. */
export function nodeSnippet(widget: string, key: string): string {
	return `import { createHmac } from "node:crypto";

const secret = process.env.WEICHE_VISITOR_KEY; // never in a page

/** Says to the chat who a visitor is: give it to who is logged in, at /chat-token. */
export function visitorToken(id, name) {
	const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
	const head = part({ alg: "HS256", typ: "JWT", kid: "${key}" });
	const body = part({
		scope: "user",
		aud: "${widget}",
		external_id: id,
		name,
		exp: Math.floor(Date.now() / 1000) + 600,
	});
	const signature = createHmac("sha256", secret).update(\`\${head}.\${body}\`).digest("base64url");
	return \`\${head}.\${body}.\${signature}\`;
}
`;
}

/** Go with its standard library alone. */
export function goSnippet(widget: string, key: string): string {
	return `package visitor

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"os"
	"time"
)

// Token says to the chat who a visitor is: give it to who is logged in, at /chat-token.
func Token(id, name string) (string, error) {
	head, err := part(map[string]any{"alg": "HS256", "typ": "JWT", "kid": "${key}"})
	if err != nil {
		return "", err
	}
	body, err := part(map[string]any{
		"scope": "user", "aud": "${widget}", "external_id": id, "name": name,
		"exp": time.Now().Add(10 * time.Minute).Unix(),
	})
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, []byte(os.Getenv("WEICHE_VISITOR_KEY"))) // never in a page
	mac.Write([]byte(head + "." + body))
	return head + "." + body + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}

func part(value map[string]any) (string, error) {
	text, err := json.Marshal(value)
	return base64.RawURLEncoding.EncodeToString(text), err
}
`;
}
