package broker

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// sendPull is how many sends of a channel one process holds in advance. What it
// holds is kept from the others.
const sendPull = 64

// SendInbox is a sender's end of EGRESS for one channel. Several, in several
// processes, share the sends of a channel among them. One goroutine calls Next.
type SendInbox struct{ source[*SendDelivery] }

// SendDelivery is one send for a sender.
type SendDelivery struct {
	// Send is what to send, nil where Err says why it cannot be read.
	Send *ingressv1.Send
	Err  error
	// Raw is the message as it came.
	Raw []byte
	// Attempt counts the deliveries of this message, from 1. It is not the
	// attempt of the send.
	Attempt int

	msg jetstream.Msg
}

// Sends opens the sends of a channel. What a process held that was killed comes again
// after AckWait, and no earlier: the server does not know what of the pending is held by
// whom, or waits to come again later. To give it out at once, the consumer would have to
// be made anew, which takes from every other sender what it holds and lets what was put
// off for a provider's sake come at once, each time that one more starts. Claims would
// still keep anything from being sent twice.
func (b *Broker) Sends(ctx context.Context, channelName string) (*SendInbox, error) {
	if err := checkNames(channelName); err != nil {
		return nil, err
	}
	in := &SendInbox{source[*SendDelivery]{broker: b, decode: deliverSend, pull: sendPull, shared: true}}
	in.consumers = func(ctx context.Context) ([]jetstream.Consumer, error) {
		consumer, err := b.js.CreateOrUpdateConsumer(ctx, streamEgress, jetstream.ConsumerConfig{
			Durable:       durableEgress + channelName,
			FilterSubject: subjectEgress + "." + channelName + ".*.*",
			AckPolicy:     jetstream.AckExplicitPolicy,
			AckWait:       b.config.AckWait,
			// What was given back to come again later is pending, too: a bound would
			// let one integration that has to wait hold up all of the channel. The
			// stream's bounds are bounds of this.
			MaxAckPending: -1,
			MemoryStorage: true,
		})
		return []jetstream.Consumer{consumer}, err
	}
	// What does not reach the server comes again after AckWait.
	in.giveBack = func(d *SendDelivery) { _ = d.msg.Nak() }
	if err := openSource(ctx, &in.source); err != nil {
		return nil, err
	}
	return in, nil
}

func deliverSend(msg jetstream.Msg) *SendDelivery {
	d := &SendDelivery{Raw: msg.Data(), Attempt: 1, msg: msg}
	if meta, err := msg.Metadata(); err == nil {
		d.Attempt = int(meta.NumDelivered)
	}
	send := &ingressv1.Send{}
	if err := proto.Unmarshal(d.Raw, send); err != nil {
		d.Err = fmt.Errorf("broker: a message of %s: %w", msg.Subject(), err)
		return d
	}
	subject, err := egressSubject(send.GetChannel(), send.GetAccountId(), send.GetIntegrationId())
	if err != nil || subject != msg.Subject() {
		d.Err = fmt.Errorf("%w: a send that is not what its subject says", ErrName)
		return d
	}
	d.Send = send
	return d
}

// Next waits until a send is there and returns what is waiting, at most maxItems
// of them. After a reconnect it goes on with what the server still has. The
// error is that of ctx, or ErrClosed.
func (in *SendInbox) Next(ctx context.Context, maxItems int) ([]*SendDelivery, error) {
	return in.next(ctx, maxItems, intakePullBytes)
}

// Close ends the inbox. What Next returned can still be acked until the broker
// is closed; the rest goes to another sender at once.
func (in *SendInbox) Close() { in.source.Close() }

// Ack removes the send from EGRESS. It does not wait for the server.
func (d *SendDelivery) Ack() error { return acked(d.msg.Ack()) }

// Nak gives the send back, to come again after delay, to any sender.
func (d *SendDelivery) Nak(delay time.Duration) error { return acked(d.msg.NakWithDelay(delay)) }

// InProgress keeps the send for another AckWait.
func (d *SendDelivery) InProgress() error { return acked(d.msg.InProgress()) }
