package projections

import (
	"context"
	"iter"

	"weiche/eventstore"
)

// Log is what projections need of the event store. [*eventstore.Store] is one;
// its documentation says what a caller may rely on.
type Log interface {
	Incarnation() string
	Durable() uint64
	ReadAt(ctx context.Context, position uint64) (*eventstore.Record, error)
	ReadAll(ctx context.Context, fromPosition uint64) iter.Seq2[*eventstore.Record, error]
	ReadStream(ctx context.Context, stream eventstore.Stream, fromVersion uint64) iter.Seq2[*eventstore.Record, error]
	Subscribe(ctx context.Context, fromPosition uint64) iter.Seq2[*eventstore.Record, error]
}
