package egress

import (
	"context"
	"time"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
)

// Inbox is where the sends of one channel come from. One goroutine calls Next.
type Inbox interface {
	// Next waits until a send is there and returns what is waiting, at most
	// maxItems. After an error it gives nothing more.
	Next(ctx context.Context, maxItems int) ([]Delivery, error)
	// Close gives back what Next has not returned. What it has can still be acked.
	Close()
}

// Delivery is one message of an inbox.
type Delivery struct {
	// Send is what to send, nil where Err says why it cannot be read.
	Send *ingressv1.Send
	Err  error
	// Handle says what becomes of the message.
	Handle
}

// Handle is a message's end at the transport. A message without an Ack comes
// again, here or elsewhere; the claim makes that harmless.
type Handle interface {
	// Ack removes it.
	Ack() error
	// Nak gives it back, to come again after delay.
	Nak(delay time.Duration) error
	// InProgress says that it is being worked on.
	InProgress() error
}

// FromBroker returns what Config.Open is where the sends come over a broker.
func FromBroker(b *broker.Broker) func(ctx context.Context, channelName string) (Inbox, error) {
	return func(ctx context.Context, channelName string) (Inbox, error) {
		in, err := b.Sends(ctx, channelName)
		if err != nil {
			return nil, err
		}
		return brokerInbox{in}, nil
	}
}

type brokerInbox struct{ in *broker.SendInbox }

func (b brokerInbox) Next(ctx context.Context, maxItems int) ([]Delivery, error) {
	sends, err := b.in.Next(ctx, maxItems)
	deliveries := make([]Delivery, len(sends))
	for i, d := range sends {
		deliveries[i] = Delivery{Send: d.Send, Err: d.Err, Handle: d}
	}
	return deliveries, err
}

func (b brokerInbox) Close() { b.in.Close() }
