package whatsapp

import (
	"strings"

	"weiche/services/meta"
)

// Link returns the address that opens a chat with a number and the text already
// typed. The customer has to press send, and can change the text before.
func Link(number, text string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
	digits = strings.TrimPrefix(digits, "00")
	link := "https://wa.me/" + digits
	if text == "" {
		return link
	}
	return link + "?" + meta.Query("text", text)
}
