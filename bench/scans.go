package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// scans compares reading and decoding the whole log with a scan of the same table
// by Pebble alone, without a look at checksums, order and gaps. That scan decodes
// as little as it can, the facts alone, and in a second comparison the record as
// well, as the store does.
func scans(ctx context.Context, out io.Writer, o options) (err error) {
	if err := o.history.make(ctx, out); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "weiche-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ours, raw := filepath.Join(dir, "ours"), filepath.Join(dir, "raw")
	for _, folder := range []string{ours, raw} {
		if err := copyFolder(o.history.log(), folder); err != nil {
			return err
		}
	}
	store, err := eventstore.Open(ours, eventstore.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	db, err := pebble.Open(raw, rawOptions())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	facts := rounds{what: "replay, facts decoded", unit: "events/s", atLeast: 0.8}
	whole := rounds{what: "the same", unit: "events/s", atLeast: 0.8}
	timed := func(scan func() (uint64, error), to ...*[]float64) func(context.Context) error {
		return func(context.Context) error {
			began := time.Now()
			n, err := scan()
			if err == nil && n != store.Durable() {
				err = fmt.Errorf("%d events were read of %d", n, store.Durable())
			}
			for _, to := range to {
				*to = append(*to, float64(n)/time.Since(began).Seconds())
			}
			return err
		}
	}
	a := func() (uint64, error) { return scanStore(ctx, store) }
	least := func() (uint64, error) { return scanRaw(db, decodeLeast) }
	record := func() (uint64, error) { return scanRaw(db, decodeRecord) }
	for _, warm := range []func() (uint64, error){a, least, record} {
		if err := timed(warm)(ctx); err != nil {
			return err
		}
	}
	settle(ctx, os.Getpid())
	for range o.rounds {
		for _, next := range []func(context.Context) error{
			timed(a, &facts.a, &whole.a), timed(least, &facts.b), timed(record, &whole.b),
		} {
			if err := next(ctx); err != nil {
				return err
			}
		}
	}
	const one = "eventstore: ReadAll, checked, and proto.Unmarshal of the facts"
	print(out, one, "Pebble: a scan of the same table, proto.Unmarshal of the facts alone", facts)
	fmt.Fprintln(out)
	print(out, one, "Pebble: the same scan, proto.Unmarshal of the record and of its facts", whole)
	if o.profile == "" {
		return nil
	}
	return profiled(out, o, "scans", func() error { _, err := a(); return err })
}

// scanStore reads and decodes all events of a store.
func scanStore(ctx context.Context, store *eventstore.Store) (n uint64, err error) {
	kinds := kinds{}
	for rec, err := range store.ReadAll(ctx, 1) {
		if err != nil {
			return n, err
		}
		if err := kinds.decode(rec.Type, rec.Facts); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// scanRaw reads the table of records and has each value, without its checksum,
// decoded.
func scanRaw(db *pebble.DB, decode func(kinds, []byte) error) (n uint64, err error) {
	const checksum = 4
	it, err := db.NewIter(&pebble.IterOptions{LowerBound: []byte{tableLog}, UpperBound: []byte{tableLog + 1}})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	kinds := kinds{}
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return n, err
		}
		if err := decode(kinds, value[:len(value)-checksum]); err != nil {
			return n, fmt.Errorf("position %d: %w", binary.BigEndian.Uint64(it.Key()[1:]), err)
		}
		n++
	}
	return n, nil
}

// decodeLeast decodes the facts of a record, and passes over all other fields.
func decodeLeast(kinds kinds, record []byte) error {
	const fieldType, fieldFacts = 8, 20
	var kind, facts []byte
	for len(record) > 0 {
		field, wire, n := protowire.ConsumeTag(record)
		if n < 0 {
			return protowire.ParseError(n)
		}
		record = record[n:]
		if field == fieldType || field == fieldFacts {
			value, n := protowire.ConsumeBytes(record)
			if n < 0 {
				return protowire.ParseError(n)
			}
			if record = record[n:]; field == fieldType {
				kind = value
				continue
			}
			facts = value
			break
		}
		if n = protowire.ConsumeFieldValue(field, wire, record); n < 0 {
			return protowire.ParseError(n)
		}
		record = record[n:]
	}
	return kinds.decode(string(kind), facts)
}

// decodeRecord decodes a record and its facts.
func decodeRecord(kinds kinds, record []byte) error {
	r := new(eventv1.Record)
	if err := proto.Unmarshal(record, r); err != nil {
		return err
	}
	return kinds.decode(r.GetType(), r.GetFacts())
}

// kinds are the types of events by name, found once.
type kinds map[string]protoreflect.MessageType

func (k kinds) decode(name string, facts []byte) (err error) {
	kind := k[name]
	if kind == nil {
		if kind, err = protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(name)); err != nil {
			return err
		}
		k[name] = kind
	}
	return proto.Unmarshal(facts, kind.New().Interface())
}
