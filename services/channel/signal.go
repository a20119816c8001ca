package channel

import (
	"context"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// Signaller is what a Sender also is whose channel shows that somebody types or
// has read. A signal is never repeated and never in the log.
type Signaller interface {
	// Signal makes one attempt. A nil error means that the provider took it, or
	// that the channel has nothing of the kind; any other is a *SendError.
	Signal(ctx context.Context, integration Integration, signal Signal) error
}

// Signal is something that a customer sees and that is no message.
type Signal struct {
	Kind SignalKind
	// Recipient are the customer's addresses, the strongest first.
	Recipient []*eventv1.Alias
	// LastMessage is the provider's id of the last message that the customer
	// sent. A channel that needs it does nothing where it is empty.
	LastMessage string
}

// SignalKind says which signal it is.
type SignalKind int

const (
	// TypingOn says that somebody writes. It ends by itself: after 25 s on
	// WhatsApp, which marks the last message as read with it, after 20 s
	// elsewhere.
	TypingOn SignalKind = iota + 1
	// TypingOff says that nobody writes any more.
	TypingOff
	// Seen marks the customer's messages as read.
	Seen
)
