package eventstore

import (
	"context"
	"hash/maphash"
	"math/bits"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// filter knows which event ids and dedup keys are not in the log, so that an
// append does not have to look for each of them on disk: almost all are new, and to
// find that out by Pebble costs more the larger the log is. It is a blocked Bloom
// filter, in layers of which each is twice as large as the one before. What it
// takes for new is new; of what is new it takes one in a hundred for known.
//
// The writer adds to it, before the batch with the key is made. It may be read at
// any time.
type filter struct {
	seed   maphash.Seed
	layers atomic.Pointer[[]*layer]
	// ready is set once everything is in it that was in the log when that was
	// opened.
	ready atomic.Bool
	// over is set where there are too many keys.
	over bool
}

const (
	// A key has filterBits bits of its layer, and sets filterSets of them, all in
	// one block.
	filterBits  = 10
	filterSets  = 6
	blockWords  = 8
	firstLayer  = 1 << 15 // keys
	maxFiltered = 1 << 26 // keys: 80 MiB. With more the filter gives up.
)

// layer is one Bloom filter. Only one goroutine sets bits.
type layer struct {
	words []atomic.Uint64
	keys  int
	room  int
}

func newLayer(room int) *layer {
	blocks := max(1, room*filterBits/(64*blockWords))
	return &layer{words: make([]atomic.Uint64, blocks*blockWords), room: room}
}

// block returns the words of a hash, and the bits that say which of their bits.
func (l *layer) block(hash uint64) ([]atomic.Uint64, uint64) {
	at, _ := bits.Mul64(hash, uint64(len(l.words)/blockWords))
	// The high bits have chosen the block.
	return l.words[at*blockWords:][:blockWords], hash * 0x9e3779b97f4a7c15
}

func (l *layer) add(hash uint64) {
	words, which := l.block(hash)
	for range filterSets {
		word := &words[which>>6&(blockWords-1)]
		word.Store(word.Load() | 1<<(which&63))
		which >>= 9
	}
	l.keys++
}

func (l *layer) has(hash uint64) bool {
	words, which := l.block(hash)
	for range filterSets {
		if words[which>>6&(blockWords-1)].Load()&(1<<(which&63)) == 0 {
			return false
		}
		which >>= 9
	}
	return true
}

func newFilter() *filter {
	f := &filter{seed: maphash.MakeSeed()}
	f.layers.Store(&[]*layer{newLayer(firstLayer)})
	return f
}

// add puts a key in. Only the writer calls it.
func (f *filter) add(key []byte) {
	if f.over {
		return
	}
	layers := *f.layers.Load()
	last := layers[len(layers)-1]
	if last.keys >= last.room {
		if f.full(layers) {
			return
		}
		last = newLayer(2 * last.room)
		layers = append(layers[:len(layers):len(layers)], last)
		f.layers.Store(&layers)
	}
	last.add(maphash.Bytes(f.seed, key))
}

// full gives up where there are too many keys.
func (f *filter) full(layers []*layer) bool {
	keys := 0
	for _, l := range layers {
		keys += l.keys
	}
	if keys < maxFiltered {
		return false
	}
	f.over = true
	f.ready.Store(false)
	f.layers.Store(&[]*layer{}) // which says nothing to who has seen ready before
	return true
}

// isNew says that a key is surely not in the log. False means nothing.
func (f *filter) isNew(key []byte) bool {
	if !f.ready.Load() {
		return false
	}
	hash, layers := maphash.Bytes(f.seed, key), *f.layers.Load()
	for _, l := range layers {
		if l.has(hash) {
			return false
		}
	}
	return len(layers) > 0
}

// Warm reads the event ids and dedup keys of a log that was there when it was
// opened, and makes appends and lookups of new ones as quick as they are in a new
// log; until then, and without it, each is looked for on disk. Readers and appends
// go on. It takes about half a second for a million events, and a filter in memory
// about 3 bytes for each, up to 80 MiB. The errors are the context's, [ErrClosed]
// and [ErrCorrupt]; after one, nothing has changed.
func (s *Store) Warm(ctx context.Context) error {
	if s.opts.ReadOnly || s.filter.ready.Load() {
		return nil
	}
	made, err := read(ctx, s, "warm", func(v *view) (*layer, error) { return s.warmLayer(ctx, v) })
	if err != nil || made == nil {
		return err
	}
	// The keys that came since the store was opened are in the filter already;
	// those from before are in what was read.
	return s.write(ctx, func(s *Store, _ *tail, _ *Result) error {
		if s.filter.over || s.filter.ready.Load() {
			return nil
		}
		both := append([]*layer{made}, *s.filter.layers.Load()...)
		s.filter.layers.Store(&both)
		s.filter.ready.Store(true)
		return nil
	})
}

// warmLayer reads the keys of a view; nil if there are too many.
func (s *Store) warmLayer(ctx context.Context, v *view) (*layer, error) {
	// Twice: an event has an id and mostly one dedup key. With more the layer is
	// fuller and errs more often.
	made := newLayer(int(min(2*v.position, maxFiltered)) + 1)
	it, err := v.snapshot.NewIter(&pebble.IterOptions{LowerBound: []byte{tableEvent}, UpperBound: []byte{tableDedup + 1}})
	if err != nil {
		return nil, err
	}
	for ok := it.First(); ok; ok = it.Next() {
		if made.keys%progressEvery == 0 {
			if err = s.stopped(ctx); err != nil {
				break
			}
		}
		if made.keys == maxFiltered {
			made = nil
			break
		}
		made.add(maphash.Bytes(s.filter.seed, it.Key()))
	}
	if e := it.Error(); err == nil {
		err = e
	}
	if e := it.Close(); err == nil {
		err = e
	}
	return made, err
}
