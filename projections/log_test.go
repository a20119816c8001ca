package projections

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
)

var _ Log = (*eventstore.Store)(nil)

// memoryLog is a log in memory that seals what it is given, with a key for each
// customer, as the router does.
type memoryLog struct {
	incarnation string
	keys        *testKeys

	mu       sync.Mutex
	records  []*eventstore.Record
	versions map[eventstore.Stream]uint64
	changed  chan struct{}
	// seen is called with each record that is read, outside the lock.
	seen func(*eventstore.Record)
}

func newLog(incarnation string) *memoryLog {
	return &memoryLog{
		incarnation: incarnation, keys: &testKeys{gone: map[string]bool{}},
		versions: map[eventstore.Stream]uint64{}, changed: make(chan struct{}),
	}
}

// began is the time of the first record; each later one is a second younger.
var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// add appends an event to a stream of account "acme", and returns its record.
// A customer_id in the facts names the key.
func (l *memoryLog) add(category, id string, event proto.Message) *eventstore.Record {
	return l.addFor("acme", category, id, event)
}

func (l *memoryLog) addFor(account, category, id string, event proto.Message) *eventstore.Record {
	stream := eventstore.Stream{Account: account, Category: category, ID: id}
	return l.append(stream, func(rec *eventstore.Record) {
		rec.Type = string(event.ProtoReflect().Descriptor().FullName())
		l.keys.seal(rec, event)
	})
}

// addRaw appends an event of any type with any facts.
func (l *memoryLog) addRaw(name string, facts []byte) *eventstore.Record {
	stream := eventstore.Stream{Account: "acme", Category: "conversation", ID: "c1"}
	return l.append(stream, func(rec *eventstore.Record) { rec.Type, rec.Facts = name, facts })
}

func (l *memoryLog) append(stream eventstore.Stream, fill func(*eventstore.Record)) *eventstore.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	position := uint64(len(l.records)) + 1
	l.versions[stream]++
	rec := &eventstore.Record{
		Event:    eventstore.Event{Stream: stream, ID: fmt.Sprintf("e%d", position), SchemaVersion: 1},
		Position: position, Version: l.versions[stream],
		Recorded: began.Add(time.Duration(position) * time.Second),
	}
	fill(rec)
	if position > 1 {
		rec.PreviousHash = l.records[position-2].Hash()
	}
	l.records = append(l.records, rec)
	close(l.changed)
	l.changed = make(chan struct{})
	return rec
}

// redact removes the sealed part of an event, as the store does.
func (l *memoryLog) redact(eventID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n, rec := range l.records {
		if rec.ID == eventID {
			redacted := *rec
			redacted.Sealed = nil
			l.records[n] = &redacted
		}
	}
}

func (l *memoryLog) Incarnation() string { return l.incarnation }

func (l *memoryLog) Durable() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return uint64(len(l.records))
}

// at returns a copy of a record, which is the reader's own.
func (l *memoryLog) at(position uint64) (*eventstore.Record, chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if position == 0 || position > uint64(len(l.records)) {
		return nil, l.changed
	}
	rec := *l.records[position-1]
	return &rec, l.changed
}

func (l *memoryLog) ReadAt(_ context.Context, position uint64) (*eventstore.Record, error) {
	rec, _ := l.at(position)
	if rec == nil {
		return nil, eventstore.ErrNotFound
	}
	return rec, nil
}

func (l *memoryLog) ReadAll(ctx context.Context, from uint64) iter.Seq2[*eventstore.Record, error] {
	last := l.Durable()
	return func(yield func(*eventstore.Record, error) bool) {
		for position := max(from, 1); position <= last; position++ {
			rec, _ := l.at(position)
			if l.seen != nil {
				l.seen(rec)
			}
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			if !yield(rec, nil) {
				return
			}
		}
	}
}

func (l *memoryLog) ReadStream(ctx context.Context, stream eventstore.Stream, from uint64) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		for rec, err := range l.ReadAll(ctx, 1) {
			if err == nil && (rec.Stream != stream || rec.Version < from) {
				continue
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}

func (l *memoryLog) Subscribe(ctx context.Context, from uint64) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		for position := max(from, 1); ; {
			rec, changed := l.at(position)
			if rec != nil {
				if !yield(rec, nil) {
					return
				}
				position++
				continue
			}
			select {
			case <-ctx.Done():
				yield(nil, ctx.Err())
				return
			case <-changed:
			}
		}
	}
}

// testKeys seal with AES-GCM: the additional data is account, stream and event,
// as a reader has to hand them back.
type testKeys struct {
	mu   sync.Mutex
	gone map[string]bool
}

// seal marshals an event without its sealed field, and encrypts that apart.
func (k *testKeys) seal(rec *eventstore.Record, event proto.Message) {
	m := proto.Clone(event).ProtoReflect()
	var sealed []byte
	if f := m.Descriptor().Fields().ByName("sealed"); f != nil && m.Has(f) {
		var err error
		if sealed, err = proto.Marshal(m.Get(f).Message().Interface()); err != nil {
			panic(err)
		}
		m.Clear(f)
		rec.KeyID = "nobody"
		if c := m.Descriptor().Fields().ByName("customer_id"); c != nil && m.Get(c).String() != "" {
			rec.KeyID = m.Get(c).String()
		}
		rec.Sealed = gcm(rec.KeyID).Seal(nil, nonce(rec.ID), sealed, aad(rec.Stream.Account, rec.Stream.Category, rec.Stream.ID, rec.ID))
		rec.SealedHash = sha256.Sum256(rec.Sealed)
	}
	facts, err := proto.Marshal(m.Interface())
	if err != nil {
		panic(err)
	}
	rec.Facts = facts
}

func (k *testKeys) open(account, category, id, eventID, keyID string, ciphertext []byte) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.gone[keyID] {
		return nil, fmt.Errorf("key %s: %w", keyID, ErrKeyGone)
	}
	return gcm(keyID).Open(nil, nonce(eventID), ciphertext, aad(account, category, id, eventID))
}

func (k *testKeys) destroy(keyID string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gone[keyID] = true
}

func gcm(keyID string) cipher.AEAD {
	key := sha256.Sum256([]byte(keyID))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err)
	}
	g, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return g
}

func nonce(eventID string) []byte {
	n := sha256.Sum256([]byte(eventID))
	return n[:12]
}

func aad(parts ...string) []byte { return fmt.Appendf(nil, "%q", parts) }

func text(s string) *eventv1.Content {
	return &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Text{Text: &eventv1.Text{Body: s}}}}}
}

func at(second int) *timestamppb.Timestamp {
	return timestamppb.New(began.Add(time.Duration(second) * time.Second))
}

// running makes views follow a log until stop is called, which the end of the
// test does too.
func running(t testing.TB, v *Views, log Log) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- v.Run(ctx, log) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}
