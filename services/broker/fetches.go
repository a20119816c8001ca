package broker

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// fetchPull is how many files one process holds in advance.
const fetchPull = 16

// PublishFetch puts a file that is to be fetched on FETCH and returns once the
// server holds it. The errors are those of PublishSend.
func (b *Broker) PublishFetch(ctx context.Context, fetch *ingressv1.FetchMedia) error {
	subject, err := fetchSubject(fetch.GetChannel(), fetch.GetAccountId(), fetch.GetIntegrationId())
	if err != nil {
		return err
	}
	data, err := proto.Marshal(fetch)
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	_, err = b.call(ctx, subject, data, false)
	return err
}

// FetchInbox is a fetcher's end of FETCH. Several share what is on it. One
// goroutine calls Next.
type FetchInbox struct{ source[*FetchDelivery] }

// FetchDelivery is one file for a fetcher.
type FetchDelivery struct {
	// Fetch is what to fetch, nil where Err says why it cannot be read.
	Fetch *ingressv1.FetchMedia
	Err   error

	msg jetstream.Msg
}

// Fetches opens what is to be fetched.
func (b *Broker) Fetches(ctx context.Context) (*FetchInbox, error) {
	in := &FetchInbox{source[*FetchDelivery]{broker: b, decode: deliverFetch, pull: fetchPull, shared: true}}
	in.consumers = func(ctx context.Context) ([]jetstream.Consumer, error) {
		consumer, err := b.js.CreateOrUpdateConsumer(ctx, streamFetch, jetstream.ConsumerConfig{
			Durable:   durableFetch,
			AckPolicy: jetstream.AckExplicitPolicy,
			AckWait:   b.config.AckWait,
			// An integration whose files wait holds up no other.
			MaxAckPending: -1,
			MemoryStorage: true,
		})
		return []jetstream.Consumer{consumer}, err
	}
	in.giveBack = func(d *FetchDelivery) { _ = d.msg.Nak() }
	if err := openSource(ctx, &in.source); err != nil {
		return nil, err
	}
	return in, nil
}

func deliverFetch(msg jetstream.Msg) *FetchDelivery {
	d := &FetchDelivery{msg: msg}
	fetch := &ingressv1.FetchMedia{}
	if err := proto.Unmarshal(msg.Data(), fetch); err != nil {
		d.Err = fmt.Errorf("broker: a message of %s: %w", msg.Subject(), err)
		return d
	}
	subject, err := fetchSubject(fetch.GetChannel(), fetch.GetAccountId(), fetch.GetIntegrationId())
	if err != nil || subject != msg.Subject() {
		d.Err = fmt.Errorf("%w: a file that is not what its subject says", ErrName)
		return d
	}
	d.Fetch = fetch
	return d
}

// Next waits until a file is to be fetched and returns what is waiting, at most
// maxItems. The error is that of ctx, or ErrClosed.
func (in *FetchInbox) Next(ctx context.Context, maxItems int) ([]*FetchDelivery, error) {
	return in.next(ctx, maxItems, intakePullBytes)
}

// Close ends the inbox. What Next returned can still be acked until the broker is
// closed; the rest goes to another fetcher at once.
func (in *FetchInbox) Close() { in.source.Close() }

// Ack removes the file from FETCH. It does not wait for the server.
func (d *FetchDelivery) Ack() error { return acked(d.msg.Ack()) }

// Nak gives the file back, to come again after delay, to any fetcher.
func (d *FetchDelivery) Nak(delay time.Duration) error { return acked(d.msg.NakWithDelay(delay)) }

// InProgress keeps the file for another AckWait.
func (d *FetchDelivery) InProgress() error { return acked(d.msg.InProgress()) }
