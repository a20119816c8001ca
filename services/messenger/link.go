package messenger

import (
	"net/url"

	"weiche/services/meta"
)

// Link returns the address that opens a thread with a page and brings the ref:
// with the tap on Get Started in a new thread, as an event of its own in one
// that exists. A ref has letters, digits, _, = and -, at most 2,083. Without one it only opens the thread.
func Link(page, ref string) string {
	link := "https://m.me/" + url.PathEscape(page)
	if ref == "" {
		return link
	}
	return link + "?" + meta.Query("ref", ref)
}
