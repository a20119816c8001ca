// Package capability says what each channel can show, how long a customer may be
// answered there, and what a channel gets instead of what it cannot show. It is
// pure: the conversation decides with it.
package capability

import (
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// Channel is what one channel can show.
type Channel struct {
	// Text is how long a text may be; Caption the text below a file, zero where
	// a file has none.
	Text, Caption Limit
	// Window is how long after the customer's last act anything may be sent, and
	// HumanWindow how long a person may answer where the provider allows it to
	// the integration; zero is for ever, and for HumanWindow no longer than
	// Window.
	Window, HumanWindow time.Duration
	// Buttons is how many buttons a question may have, List how many rows a list
	// has that stands in for more of them; zero is none.
	Buttons, List int
	// Title is how long the title of a button may be, in characters.
	Title int
	// Media are the kinds of files that it takes, by kind.
	Media map[eventv1.MediaKind]Media
	// Location, Contacts, Template, Reaction, Quote, Typing and Seen say whether
	// it knows them at all.
	Location, Contacts, Template, Reaction, Quote, Typing, Seen bool
}

// Limit is a length: in characters, or in bytes of UTF-8.
type Limit struct {
	Max   int
	Bytes bool
}

// Media is what files of a kind may be.
type Media struct {
	// Types are the MIME types that are taken; nil is any.
	Types []string
	// Size is the largest one in bytes.
	Size int64
}
