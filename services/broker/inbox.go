package broker

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"google.golang.org/protobuf/proto"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// Inbox is the router's end of INGRESS and OUTCOMES. One goroutine calls Next;
// what it returned may be answered and acked from any.
type Inbox struct {
	source[*Delivery]
	// before is the last sequence of OUTCOMES when the consumers were made.
	before atomic.Uint64
}

// Delivery is one message for the router.
type Delivery struct {
	// Source is who speaks, from the subject alone.
	Source channel.Source
	// Batch is what was said, nil where Err says why it cannot be read.
	Batch *ingressv1.Batch
	Err   error
	// Raw is the message as it came.
	Raw []byte
	// Received is when the server took the message.
	Received time.Time
	// Attempt counts the deliveries of the message to this inbox, from 1.
	Attempt int
	// Stale says, of what senders say, that it lay there before this inbox was
	// opened: whoever said it may be gone, and asks again if not.
	Stale bool

	broker *Broker
	msg    jetstream.Msg
}

// Ingress makes the router's consumers anew, so that everything without an ack
// comes again in its order, and takes them from whoever had them before: their
// inbox ends with ErrInboxLost. Only the holder of the router's lease calls it.
func (b *Broker) Ingress(ctx context.Context) (*Inbox, error) {
	in := &Inbox{source: source[*Delivery]{broker: b, pull: intakePullMsgs}}
	in.consumers, in.decode = in.routerConsumers, in.deliver
	if err := openSource(ctx, &in.source); err != nil {
		return nil, err
	}
	return in, nil
}

// routerConsumers makes the consumers of OUTCOMES and INGRESS. Their names are
// new each time, so that a request of a former router cannot reach them.
func (in *Inbox) routerConsumers(ctx context.Context) ([]jetstream.Consumer, error) {
	b := in.broker
	var made []jetstream.Consumer
	for _, name := range []string{streamOutcomes, streamIngress} {
		stream, err := b.js.Stream(ctx, name)
		if err != nil {
			return nil, err
		}
		if name == streamOutcomes {
			in.before.Store(stream.CachedInfo().State.LastSeq)
		}
		var former []string
		names := stream.ConsumerNames(ctx)
		for durable := range names.Name() {
			former = append(former, durable)
		}
		if err := names.Err(); err != nil {
			return nil, err
		}
		for _, durable := range former {
			if err := stream.DeleteConsumer(ctx, durable); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
				return nil, err
			}
		}
		consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
			Durable:       durableRouter + nuid.Next(),
			AckPolicy:     jetstream.AckExplicitPolicy,
			AckWait:       b.config.AckWait,
			MaxAckPending: 4 * intakePullMsgs,
			MemoryStorage: true,
		})
		if err != nil {
			return nil, err
		}
		made = append(made, consumer)
	}
	return made, nil
}

func (in *Inbox) deliver(msg jetstream.Msg) *Delivery {
	d := &Delivery{Raw: msg.Data(), Attempt: 1, broker: in.broker, msg: msg}
	if meta, err := msg.Metadata(); err == nil {
		d.Received, d.Attempt = meta.Timestamp, int(meta.NumDelivered)
		d.Stale = meta.Stream == streamOutcomes && meta.Sequence.Stream <= in.before.Load()
	}
	if d.Source, d.Err = sourceOf(msg.Subject()); d.Err != nil {
		return d
	}
	batch := &ingressv1.Batch{}
	if err := proto.Unmarshal(d.Raw, batch); err != nil {
		d.Err = fmt.Errorf("broker: a message of %s: %w", msg.Subject(), err)
		return d
	}
	d.Batch = batch
	return d
}

// Next waits until something is there and returns what is waiting: outcomes
// before everything else, each in its order, at most maxItems messages and
// maxBytes of them, or one that alone is larger. After a reconnect it goes on
// with what the server still has. Errors are that of ctx, ErrInboxLost and
// ErrClosed; after either of the last two the inbox gives nothing more.
func (in *Inbox) Next(ctx context.Context, maxItems, maxBytes int) ([]*Delivery, error) {
	return in.next(ctx, maxItems, maxBytes)
}

// Close ends the inbox. What was returned by Next can still be answered and
// acked until the broker is closed; what was not comes to the next inbox.
func (in *Inbox) Close() { in.source.Close() }

// Answer sends the router's answer to whoever waits for it. It does not wait
// for it to arrive, and does nothing where nobody can be waiting.
func (d *Delivery) Answer(answer *ingressv1.Answer) error {
	to := d.msg.Headers().Get(headerReceipt)
	if !isReceipt(to) {
		return nil
	}
	data, err := proto.Marshal(answer)
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	return unreachable(d.broker.consuming.Publish(to, data))
}

// Ack removes the message from its stream. It does not wait for the server; an
// ack that is lost brings the message again.
func (d *Delivery) Ack() error {
	return acked(d.msg.Ack())
}

// acked forgives an ack that was given before.
func acked(err error) error {
	if errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		return nil
	}
	return unreachable(err)
}
