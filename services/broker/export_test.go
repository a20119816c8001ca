package broker

import "context"

// Waiting is how many messages INGRESS holds.
func (b *Broker) Waiting(ctx context.Context) (uint64, error) {
	stream, err := b.js.Stream(ctx, streamIngress)
	if err != nil {
		return 0, err
	}
	return stream.CachedInfo().State.Msgs, nil
}

// Abandon stops the renewals, as a kill would.
func (l *Lease) Abandon() {
	l.stop()
	l.renewals.Wait()
}

// Usurp takes the router's lease from whoever has it.
func (b *Broker) Usurp(ctx context.Context, name string) error {
	kv, err := b.js.KeyValue(ctx, bucketLeases)
	if err != nil {
		return err
	}
	_, err = kv.Put(ctx, keyRouter, []byte(name))
	return err
}

// Vacate ends the router's lease, as its time does.
func (b *Broker) Vacate(ctx context.Context) error {
	kv, err := b.js.KeyValue(ctx, bucketLeases)
	if err != nil {
		return err
	}
	return kv.Delete(ctx, keyRouter)
}

// HasRouter says whether somebody has the router's lease, as far as the server knows.
func (b *Broker) HasRouter(ctx context.Context) bool { return b.LeaseRevision(ctx) > 0 }

// LeaseRevision returns the revision of the router's lease, 0 where nobody is known to
// have it.
func (b *Broker) LeaseRevision(ctx context.Context) uint64 {
	kv, err := b.js.KeyValue(ctx, bucketLeases)
	if err != nil {
		return 0
	}
	holder, err := kv.Get(ctx, keyRouter)
	if err != nil {
		return 0
	}
	return holder.Revision()
}
