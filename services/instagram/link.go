package instagram

import (
	"net/url"
	"strings"

	"weiche/services/meta"
)

// Link returns the address that opens a thread with an account, by its user
// name, and brings the ref: with an ice breaker or the first message in a new
// thread, as an event of its own in one that exists. A ref has letters, digits,
// _, = and -, at most 2,083. Without one it only opens the thread.
func Link(username, ref string) string {
	link := "https://ig.me/m/" + url.PathEscape(strings.TrimPrefix(username, "@"))
	if ref == "" {
		return link
	}
	return link + "?" + meta.Query("ref", ref)
}
