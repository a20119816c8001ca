package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// leaseBytes bounds the bucket of leases, which holds one short value a router.
const leaseBytes = 1 << 20

// ensureStreams makes the streams what the limits say, and creates those that
// are missing. What they hold stays.
func (b *Broker) ensureStreams(ctx context.Context) error {
	for _, config := range b.streams() {
		err := b.ensureStream(ctx, config)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			// Another router has made it in the same moment.
			err = b.ensureStream(ctx, config)
		}
		if err != nil {
			return fmt.Errorf("broker: stream %s: %w", config.Name, err)
		}
	}
	if _, err := b.js.CreateOrUpdateKeyValue(ctx, b.leases()); err != nil {
		return fmt.Errorf("broker: bucket %s: %w", bucketLeases, err)
	}
	return nil
}

// ensureStream does that for one of them. The sequences of a new one begin at the time, so
// that they are above those of one that the server has lost: whoever took a message of
// that may ack it yet, and an ack names no more of a message than its sequence.
func (b *Broker) ensureStream(ctx context.Context, config jetstream.StreamConfig) error {
	known, ok, err := b.configOf(ctx, config.Name)
	if err != nil {
		return err
	}
	if config.FirstSeq = known.FirstSeq; !ok {
		config.FirstSeq = uint64(time.Now().UnixMicro())
	}
	if b.incarnation.Load() == nil {
		config.Metadata = map[string]string{metaIncarnation: known.Metadata[metaIncarnation]}
	}
	_, err = b.js.CreateOrUpdateStream(ctx, config)
	return err
}

// configOf returns what a stream is on the server; ok is false where it is not there.
func (b *Broker) configOf(ctx context.Context, name string) (config jetstream.StreamConfig, ok bool, err error) {
	stream, err := b.js.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return config, false, nil
	}
	if err != nil {
		return config, false, err
	}
	return stream.CachedInfo().Config, true, nil
}

// roomy says what a server has to have that cannot hold the streams.
func (b *Broker) roomy(err error) error {
	memory, files := b.config.Limits.IngressBytes+b.config.Limits.OutcomesBytes+b.config.Limits.EgressBytes+b.config.Limits.FetchBytes,
		b.config.Limits.EventsBytes+leaseBytes
	var api *jetstream.APIError
	switch {
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount),
		errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("%w: the server at %s has none; enable it, with max_memory_store of %d and max_file_store of %d or more",
			ErrJetStream, b.where(), memory, files)
	case errors.As(err, &api) && slices.Contains([]jetstream.ErrorCode{codeResources, codeMemory, codeStorage}, api.ErrorCode):
		return fmt.Errorf("%w: the server at %s has too little room for the streams, they need max_memory_store of %d and max_file_store of %d or more: %w",
			ErrJetStream, b.where(), memory, files, err)
	}
	return err
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
