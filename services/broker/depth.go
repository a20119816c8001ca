package broker

import (
	"context"
	"fmt"
	"strings"
)

// Depths returns how many messages each stream holds, by its name in small letters.
func (b *Broker) Depths(ctx context.Context) (map[string]uint64, error) {
	depths := map[string]uint64{}
	for _, name := range []string{streamIngress, streamOutcomes, streamEgress, streamFetch, streamEvents} {
		stream, err := b.js.Stream(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("broker: stream %s: %w", name, err)
		}
		depths[strings.ToLower(name)] = stream.CachedInfo().State.Msgs
	}
	return depths, nil
}
