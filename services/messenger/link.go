package messenger

import (
	"net/url"

	"weiche/services/meta"
)

// Link returns the address that opens a thread with a page and brings the ref:
// with the tap on Get Started in a new thread, as an event of its own in one
// that exists. A ref has letters, digits, _, = and -, at most 2,083.
func Link(page, ref string) string {
	return "https://m.me/" + url.PathEscape(page) + "?" + meta.Query("ref", ref)
}
