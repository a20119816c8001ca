package broker

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// leaseBytes bounds the bucket of leases, which holds one short value a router.
const leaseBytes = 1 << 20

// ensureStreams makes the streams what the limits say, and creates those that
// are missing. What they hold stays.
func (b *Broker) ensureStreams(ctx context.Context) error {
	for _, config := range b.streams() {
		if b.incarnation.Load() == nil {
			known, err := b.incarnationOf(ctx, config.Name)
			if err != nil {
				return fmt.Errorf("broker: stream %s: %w", config.Name, err)
			}
			config.Metadata = map[string]string{metaIncarnation: known}
		}
		if _, err := b.js.CreateOrUpdateStream(ctx, config); err != nil {
			return fmt.Errorf("broker: stream %s: %w", config.Name, err)
		}
	}
	if _, err := b.js.CreateOrUpdateKeyValue(ctx, b.leases()); err != nil {
		return fmt.Errorf("broker: bucket %s: %w", bucketLeases, err)
	}
	return nil
}

// streams are the streams. The queues are in memory everywhere: what was acked
// would stay readable in files, where erasure could not reach it. EVENTS is in
// memory only where the server ends with this process, so that a restart of one
// part does not empty it for the others.
func (b *Broker) streams() []jetstream.StreamConfig {
	limits := b.config.Limits
	queue := jetstream.StreamConfig{
		Retention: jetstream.WorkQueuePolicy,
		Storage:   jetstream.MemoryStorage,
		Discard:   jetstream.DiscardNew,
		Replicas:  1,
	}
	ingress, outcomes, egress, fetch := queue, queue, queue, queue
	ingress.Name, ingress.Subjects = streamIngress, []string{subjectIngress + ".*.*.*.*"}
	ingress.MaxMsgs, ingress.MaxBytes = limits.IngressMsgs, limits.IngressBytes
	outcomes.Name, outcomes.Subjects = streamOutcomes, []string{subjectOutcomes + ".*.*.*"}
	outcomes.MaxBytes = limits.OutcomesBytes
	egress.Name, egress.Subjects = streamEgress, []string{subjectEgress + ".*.*.*"}
	egress.MaxBytes = limits.EgressBytes
	// An integration whose sends have to wait fills its own part and no more.
	egress.MaxMsgsPerSubject, egress.DiscardNewPerSubject = limits.EgressMsgs, true
	fetch.Name, fetch.Subjects = streamFetch, []string{subjectFetch + ".*.*.*"}
	fetch.MaxBytes = limits.FetchBytes
	fetch.MaxMsgsPerSubject, fetch.DiscardNewPerSubject = limits.FetchMsgs, true
	events := jetstream.StreamConfig{
		Name:      streamEvents,
		Subjects:  []string{subjectEvents + ".*.*.*"},
		Retention: jetstream.LimitsPolicy,
		Storage:   b.storage(),
		Discard:   jetstream.DiscardOld,
		Replicas:  1,
		MaxBytes:  limits.EventsBytes,
		MaxAge:    limits.EventsAge,
	}
	configs := []jetstream.StreamConfig{ingress, outcomes, egress, fetch, events}
	if incarnation := b.incarnation.Load(); incarnation != nil {
		for at := range configs {
			configs[at].Metadata = map[string]string{metaIncarnation: *incarnation}
		}
	}
	return configs
}

// leases is the bucket of leases. The bucket has the lifetime, not the key: an
// update of a key would lose a lifetime of its own.
func (b *Broker) leases() jetstream.KeyValueConfig {
	return jetstream.KeyValueConfig{
		Bucket:   bucketLeases,
		TTL:      b.config.LeaseTTL,
		History:  1,
		MaxBytes: leaseBytes,
		Storage:  b.storage(),
		Replicas: 1,
	}
}

func (b *Broker) storage() jetstream.StorageType {
	if b.server != nil {
		return jetstream.MemoryStorage
	}
	return jetstream.FileStorage
}
