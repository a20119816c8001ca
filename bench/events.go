package main

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"

	"github.com/oklog/ulid/v2"

	"weiche/eventstore"
)

// noise is what does not repeat itself, as what is encrypted does not.
type noise []byte

const noiseSize = 1 << 20

func newNoise() noise {
	n := make(noise, 2*noiseSize)
	source := rand.NewChaCha8([32]byte{})
	_, _ = source.Read(n)
	return n
}

// bytes returns the nth piece of a size, which others overlap.
func (n noise) bytes(at uint64, size int) []byte {
	at = at * 64 % noiseSize
	return n[at : at+uint64(size)]
}

// timeOrdered returns the nth of ids that lie in the order in which they were
// made, as ULIDs do.
func timeOrdered(n uint64) ulid.ULID {
	id := ulid.ULID{}
	_ = id.SetTime(1_750_000_000_000 + n)
	var entropy [10]byte
	for at := range entropy {
		entropy[at] = byte((n + 1) * 0x9E3779B97F4A7C15 >> (6 * at))
	}
	_ = id.SetEntropy(entropy[:])
	return id
}

// stored500 is an event of about 500 bytes as it is stored, as the router makes
// them: facts, a sealed part, an id by time, and a dedup key that is a hash.
func (n noise) stored500(at uint64, stream eventstore.Stream, dedup []byte) eventstore.Event {
	return eventstore.Event{
		Stream: stream,
		ID:     timeOrdered(at).String(), Type: "weiche.event.v1.MessageReceived", SchemaVersion: 1,
		Correlation: "01J9BCDEFGHJKMNPQRSTVWXYZ0", Causation: "01J9BCDEFGHJKMNPQRSTVWXYZ1",
		Dedup: []eventstore.DedupKey{{Key: hex.EncodeToString(dedup), Hash: n.bytes(at, 16)}},
		KeyID: "01J9BCDEFGHJKMNPQRSTVWXYZ2", Facts: n.bytes(at+1, 100), Sealed: n.bytes(at+2, 120),
	}
}

// benchStream is the nth conversation.
func benchStream(n int) eventstore.Stream {
	return eventstore.Stream{Account: account, Category: "conversation", ID: fmt.Sprintf("01J9ABCDEF%016d", n)}
}

// randomHash is as large as the hashes that the router takes for dedup keys.
func randomHash(source *rand.Rand) []byte {
	var hash []byte
	for range 3 {
		word := source.Uint64()
		for range 8 {
			hash = append(hash, byte(word))
			word >>= 8
		}
	}
	return hash[:20]
}

// newSource is the same in each run.
func newSource() *rand.Rand { return rand.New(rand.NewChaCha8([32]byte{1})) }
