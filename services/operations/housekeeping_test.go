package operations_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/keyring"
	"weiche/services/operations"
)

func stamp(at time.Time) *timestamppb.Timestamp { return timestamppb.New(at) }

// eventually asks until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for patience := time.After(20 * time.Second); !is(); {
		select {
		case <-tick.C:
		case <-patience:
			t.Fatalf("waited for %s", what)
		}
	}
}

// holds reports whether a file of a folder of the disk holds bytes.
func (s *shop) holds(t *testing.T, folder string, what []byte) bool {
	t.Helper()
	names, err := s.disk.List(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		file, err := s.disk.Open(s.disk.PathJoin(folder, name))
		if err != nil {
			continue // it went meanwhile
		}
		content, err := io.ReadAll(file)
		file.Close()
		if err == nil && bytes.Contains(content, what) {
			return true
		}
	}
	return false
}

// TestHousekeeping takes a message back while housekeeping runs, and lets 31 days
// pass before.
func TestHousekeeping(t *testing.T) {
	s, _, _ := newShop(t)
	old, err := s.keys.DayKey(s.now)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := s.keys.Seal(old, nil, []byte("of nobody"))
	if err != nil {
		t.Fatal(err)
	}
	alias := keyring.ErasedAlias{Integration: "whatsapp", Hash: []byte("hash")}
	if err := s.keys.PutErasures(keyring.Erasure{Account: account, Customer: "carl", At: s.now, Aliases: []keyring.ErasedAlias{alias}}); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.AddDate(0, 0, 31)
	today, err := s.keys.DayKey(s.now)
	if err != nil {
		t.Fatal(err)
	}
	records, _ := s.received(t)
	secret, other := records[0].Sealed, records[1].Sealed
	if !s.holds(t, "log", secret) {
		t.Fatal("the search does not find what is there")
	}

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	now := s.now
	go func() {
		done <- operations.Housekeeping{
			Store: s.store, Keys: s.keys, Views: s.views, Now: func() time.Time { return now }, Logger: quiet,
		}.Run(ctx)
	}()
	gone := func(key string) bool {
		_, err := s.keys.Unseal(key, nil, sealed)
		return err != nil
	}
	eventually(t, "the old day's key to go", func() bool { return gone(old) })
	eventually(t, "the address to be forgotten", func() bool { return s.keys.ErasedAt(account, alias.Hash).IsZero() })
	if _, err := s.keys.Seal(today, nil, []byte("x")); err != nil {
		t.Errorf("today's key is gone: %v", err)
	}

	in := s.inbound("ana", "", 0)
	in.Event = &ingressv1.Inbound_Unsend{Unsend: &ingressv1.Unsend{ProviderMessageId: "m1"}}
	s.say(t, channel.KindChannel, "whatsapp", &ingressv1.Item{Raw: []byte("u"), Kind: &ingressv1.Item_Inbound{Inbound: in}})
	eventually(t, "the words to leave the files", func() bool { return !s.holds(t, "log", secret) })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if !s.holds(t, "log", other) {
		t.Error("what another wrote is gone too")
	}
	if err := s.store.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if _, bodies := s.received(t); bodies[0].GetSealed() != nil || bodies[1].GetSealed() == nil {
		t.Error("the wrong words are gone")
	}
}
