package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// Lease is the right to be the router. It is renewed until Close, and lost when
// that fails for the lease's lifetime or somebody else has it. A lease keeps two
// routers from working at once by mistake; what keeps a lost one from writing is
// the lock on the log's folder.
type Lease struct {
	broker   *Broker
	kv       jetstream.KeyValue
	value    []byte // what is written: nobody else writes the same
	lost     chan struct{}
	stop     context.CancelFunc
	renewals sync.WaitGroup
	once     sync.Once

	// What follows belongs to renew, and to Close after it.
	revision uint64
	until    time.Time // by then the server may have dropped it
}

// AcquireRouter takes the router's lease for name, which other routers are
// told. Where somebody has it, AcquireRouter waits for a sign of life: a renewal
// makes it return ErrRouterRunning with that one's name, within a third of
// Config.LeaseTTL; a lease that nobody renews is taken when its time is up.
func (b *Broker) AcquireRouter(ctx context.Context, name string) (*Lease, error) {
	kv, err := b.js.KeyValue(ctx, bucketLeases)
	if err != nil {
		return nil, b.failed(err)
	}
	value := []byte(name + " " + nuid.Next())
	var seen uint64 // the revision of the holder
	for {
		asked := time.Now()
		revision, err := kv.Create(ctx, keyRouter, value)
		if err == nil {
			return b.hold(&Lease{
				broker: b, kv: kv, value: value, lost: make(chan struct{}),
				revision: revision, until: asked.Add(b.config.LeaseTTL),
			})
		}
		if !errors.Is(err, jetstream.ErrKeyExists) {
			return nil, b.failed(err)
		}
		holder, err := kv.Get(ctx, keyRouter)
		switch {
		case errors.Is(err, jetstream.ErrKeyNotFound): // gone just now
			continue
		case err != nil:
			return nil, b.failed(err)
		case seen != 0 && holder.Revision() != seen:
			return nil, fmt.Errorf("%w: %q", ErrRouterRunning, nameIn(holder.Value()))
		}
		seen = holder.Revision()
		select {
		case <-time.After(b.config.LeaseTTL / 12):
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %q, as far as is known: %w", ErrRouterRunning, nameIn(holder.Value()), ctx.Err())
		case <-b.closing.Done():
			return nil, ErrClosed
		}
	}
}

func (b *Broker) hold(lease *Lease) (*Lease, error) {
	ctx, stop := context.WithCancel(context.Background())
	lease.stop = stop
	lease.renewals.Go(func() { lease.renew(ctx) })
	if err := b.closeWith(lease); err != nil {
		lease.Close()
		return nil, err
	}
	return lease, nil
}

// renew renews the lease until ctx ends or the lease is lost.
func (l *Lease) renew(ctx context.Context) {
	ttl := l.broker.config.LeaseTTL
	wait := ttl / 3
	for {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		asked := time.Now()
		attempt, cancel := context.WithDeadline(ctx, earlier(asked.Add(ttl/3), l.until))
		revision, err := l.again(attempt)
		cancel()
		switch {
		case err == nil:
			l.revision, l.until, wait = revision, asked.Add(ttl), ttl/3
			continue
		case ctx.Err() != nil:
			return
		case !errors.Is(err, ErrRouterRunning) && time.Now().Before(l.until):
			wait = ttl / 12
			continue
		}
		l.broker.config.Logger.Error("broker: the router's lease is lost", "error", err)
		close(l.lost)
		return
	}
}

// again renews the lease once, and returns ErrRouterRunning where another has it. Update
// goes by the revision: it cannot renew what is another's. It is refused, too, where an
// earlier renewal was written and its answer was lost, and by a server that has lost its
// files and knows nobody who has the lease: before its time is up, it is still this one's
// to take, where nobody was faster.
func (l *Lease) again(ctx context.Context) (revision uint64, err error) {
	revision, err = l.kv.Update(ctx, keyRouter, l.value, l.revision)
	if !errors.Is(err, jetstream.ErrKeyExists) {
		return revision, err
	}
	holder, err := l.kv.Get(ctx, keyRouter)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		return l.kv.Create(ctx, keyRouter, l.value)
	case err != nil:
		return 0, err
	case !bytes.Equal(holder.Value(), l.value):
		return 0, fmt.Errorf("%w: %q", ErrRouterRunning, nameIn(holder.Value()))
	}
	return l.kv.Update(ctx, keyRouter, l.value, holder.Revision())
}

// nameIn returns who has the lease that has a value.
func nameIn(value []byte) []byte {
	if at := bytes.LastIndexByte(value, ' '); at >= 0 {
		return value[:at]
	}
	return value
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Lost returns a channel that is closed when the lease is lost: by then at the
// latest the holder must stop working. It is not closed by Close.
func (l *Lease) Lost() <-chan struct{} { return l.lost }

// Close gives the lease back, so that another router can have it at once.
func (l *Lease) Close() {
	l.once.Do(func() {
		l.stop()
		l.renewals.Wait()
		l.broker.forget(l)
		ctx, cancel := context.WithTimeout(context.Background(), l.broker.config.LeaseTTL/3)
		defer cancel()
		// By its revision, so that another's lease stays. What is not deleted
		// now goes when its time is up.
		_ = l.kv.Delete(ctx, keyRouter, jetstream.LastRevision(l.revision))
	})
}
