// Package capability says what each channel can show, how long a customer may be
// answered there, and what a channel gets instead of what it cannot show. It is
// pure: the conversation decides with it.
package capability

import (
	"time"
	"unicode/utf8"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// Channel is what one channel can show.
type Channel struct {
	// Text is how long a text may be, Question the text above buttons, Caption
	// the text below a file; zero where a file has none.
	Text, Question, Caption Limit
	// Window is how long after the customer's last act anything may be sent, and
	// HumanWindow how long a person may answer where the provider allows it to
	// the integration; zero is for ever, and for HumanWindow no longer than
	// Window.
	Window, HumanWindow time.Duration
	// Buttons is how many buttons a question may have, List how many rows a list
	// has that stands in for more of them; zero is none.
	Buttons, List int
	// Title is how long the title of a button may be, and Row that of a row of a
	// list with what stands below it, in characters.
	Title, Row int
	// Payload is how long the payload of a button may be, and RowPayload that of
	// a row of a list, in characters.
	Payload, RowPayload int
	// Media are the kinds of files that it takes, by kind. Links says that what it
	// does not take becomes a link.
	Media map[eventv1.MediaKind]Media
	Links bool
	// Images is how many pictures one message may have.
	Images int
	// Parts says that one message may have several parts of any kinds.
	Parts bool
	// Location, Contacts, Template, Reaction, Quote, Typing and Seen say whether
	// it knows them at all.
	Location, Contacts, Template, Reaction, Quote, Typing, Seen bool
	// Profile says that its provider is asked who a customer is: what customers
	// write does not tell.
	Profile bool
}

// Limit is a length: in characters, or in bytes of UTF-8.
type Limit struct {
	Max   int
	Bytes bool
}

// Holds reports whether a text is within the limit.
func (l Limit) Holds(text string) bool { return l.of(text) <= l.Max }

// of returns how long a text is, as the limit counts.
func (l Limit) of(text string) int {
	if l.Bytes {
		return len(text)
	}
	return utf8.RuneCountInString(text)
}

// Media is what files of a kind may be.
type Media struct {
	// Types are the MIME types that are taken; nil is any.
	Types []string
	// Size is the largest one in bytes, and Moving the largest of those that
	// move, where it is another.
	Size, Moving int64
	// Caption says that text may stand below it.
	Caption bool
}
