package router_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// TestRecordsAreOfThePublishedForm reads what lies on the disk, past the event
// store, as weiche.event.v1.Record: the store writes that form by itself and knows
// nothing of it.
func TestRecordsAreOfThePublishedForm(t *testing.T) {
	s := newStage(t)
	s.one(widget, post("t1", "hello"))
	s.one(whatsapp, s.message("m1", "491701", "hello"))
	records := s.records()
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := pebble.Open("log", &pebble.Options{FS: s.fs, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, rec := range records {
		// Table 2 is the log; a value ends in a checksum of 4 bytes.
		value, closer, err := db.Get(binary.BigEndian.AppendUint64([]byte{2}, rec.Position))
		if err != nil {
			t.Fatal(err)
		}
		stored := &eventv1.Record{}
		if err := proto.Unmarshal(value[:len(value)-4], stored); err != nil {
			t.Fatal(err)
		}
		if len(stored.ProtoReflect().GetUnknown()) > 0 {
			t.Fatalf("record %d has fields that the form does not", rec.Position)
		}
		if !proto.Equal(stored, published(rec)) {
			t.Fatalf("record %d is stored as\n%v, it is\n%v", rec.Position, stored, published(rec))
		}
		again, err := proto.MarshalOptions{Deterministic: true}.Marshal(stored)
		if err != nil || !bytes.Equal(again, value[:len(value)-4]) {
			t.Errorf("record %d is stored in another form than it is published in (%v)", rec.Position, err)
		}
		if err := closer.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func published(rec *eventstore.Record) *eventv1.Record {
	out := &eventv1.Record{
		Position: rec.Position, Account: rec.Stream.Account, AccountSequence: rec.AccountSequence,
		Category: rec.Stream.Category, StreamId: rec.Stream.ID, Version: rec.Version,
		EventId: rec.ID, Type: rec.Type, SchemaVersion: rec.SchemaVersion,
		Causation: rec.Causation, Correlation: rec.Correlation, Actor: rec.Actor, KeyId: rec.KeyID,
		Facts: rec.Facts, Sealed: rec.Sealed,
	}
	out.Recorded = proto.Int64(rec.Recorded.UnixMicro())
	if !rec.Received.IsZero() {
		out.Received = proto.Int64(rec.Received.UnixMicro())
	}
	if !rec.Provider.IsZero() {
		out.Provider = proto.Int64(rec.Provider.UnixMicro())
	}
	if rec.SealedHash != [32]byte{} {
		out.SealedHash = rec.SealedHash[:]
	}
	if rec.PreviousHash != [32]byte{} {
		out.PreviousHash = rec.PreviousHash[:]
	}
	if more := out.ProtoReflect().Descriptor().Fields().ByName("more"); more != nil && rec.More > 0 {
		out.ProtoReflect().Set(more, protoreflect.ValueOfUint32(rec.More))
	}
	for _, key := range rec.Dedup {
		out.Dedup = append(out.Dedup, &eventv1.DedupKey{Key: key.Key, Hash: key.Hash})
	}
	return out
}
