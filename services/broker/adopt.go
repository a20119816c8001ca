package broker

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Adopt makes the streams those of the log with an incarnation. What they hold of
// another log, or of one that nobody knows, is thrown away: after a restore it
// would bring to the log what that has never heard of. Nothing that was answered
// is lost by that. Only who holds the router's lease calls it, before it takes
// anything from the streams.
func (b *Broker) Adopt(ctx context.Context, incarnation string) error {
	b.incarnation.Store(&incarnation)
	for _, config := range b.streams() {
		if err := b.adopt(ctx, config, incarnation); err != nil {
			return fmt.Errorf("broker: stream %s: %w", config.Name, b.failed(err))
		}
	}
	return nil
}

func (b *Broker) adopt(ctx context.Context, config jetstream.StreamConfig, incarnation string) error {
	known, _, err := b.configOf(ctx, config.Name)
	if err != nil || known.Metadata[metaIncarnation] == incarnation {
		return err
	}
	config.FirstSeq = known.FirstSeq
	stream, err := b.js.Stream(ctx, config.Name)
	if err != nil {
		return err
	}
	if err := stream.Purge(ctx); err != nil {
		return err
	}
	_, err = b.js.UpdateStream(ctx, config)
	return err
}
