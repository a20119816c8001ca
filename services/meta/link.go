package meta

import (
	"net/url"
	"strings"
)

// Query returns one parameter of an address, with spaces as %20, which apps on
// phones read more surely than a plus.
func Query(name, value string) string {
	return name + "=" + strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
}
