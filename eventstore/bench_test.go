package eventstore

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"
	"time"
)

// benchEvent is about 500 bytes as stored, with two dedup keys, in one of 1,000
// streams.
func benchEvent(n int64) Event {
	return Event{
		Stream: Stream{"acme", "conversation", fmt.Sprintf("01J9ABCDEFGHJKMNPQRSTV%04d", n%1000)},
		ID:     fmt.Sprintf("01J9BCDEFGHJKMNPQR%08d", n), Type: "weiche.v1.MessageReceived", SchemaVersion: 1,
		Correlation: "01J9BCDEFGHJKMNPQRSTVWXYZ0", Causation: "01J9BCDEFGHJKMNPQRSTVWXYZ1",
		Dedup: []DedupKey{{Key: fmt.Sprintf("integration-7/wamid.%016d", n), Hash: make([]byte, 16)}, {Key: fmt.Sprintf("command/%016d", n)}},
		KeyID: "customer-0001", Facts: bytes.Repeat([]byte("f"), 80), Sealed: bytes.Repeat([]byte("s"), 120),
	}
}

func filled(b *testing.B, events int) *Store {
	b.Helper()
	s := mustOpen(b, b.TempDir(), Options{})
	for n := 0; n < events; {
		commits := make([]Commit, 0, 1000)
		for ; n < events && len(commits) < 1000; n++ {
			commits = append(commits, Commit{Events: []Event{benchEvent(int64(n))}})
		}
		mustAppend(b, s, commits...)
	}
	if err := s.db.Flush(); err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkReadAll reads, checks and decodes a log of 100,000 events.
func BenchmarkReadAll(b *testing.B) {
	s := filled(b, 100_000)
	b.ReportAllocs()
	b.ResetTimer()
	n := 0
	for range b.N {
		for _, err := range s.ReadAll(b.Context(), 0) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkReadStream reads a stream of 100 events that lie 1,000 positions
// apart, once as the store does and once with a Get for each.
func BenchmarkReadStream(b *testing.B) {
	s := filled(b, 100_000)
	stream := benchEvent(7).Stream
	b.Run("store", func(b *testing.B) {
		for range b.N {
			n := 0
			for _, err := range s.ReadStream(b.Context(), stream, 0) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != 100 {
				b.Fatal(n)
			}
		}
	})
	b.Run("gets", func(b *testing.B) {
		for range b.N {
			for n := range uint64(100) {
				if _, err := s.ReadAt(b.Context(), 8+n*1000); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	s := filled(b, 100_000)
	b.ResetTimer()
	for range b.N {
		if err := s.Verify(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*100_000/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkDecode(b *testing.B) {
	r := &Record{Event: benchEvent(1), Position: 1, AccountSequence: 1, Version: 1, SealedHash: [32]byte{1}, PreviousHash: [32]byte{1}}
	encoded := appendRecord(nil, r)
	b.SetBytes(int64(len(encoded)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeRecord(encoded); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkArchive archives 1,000,000 events, verifies the archive and restores
// it.
func BenchmarkArchive(b *testing.B) {
	const events = 1_000_000
	root := b.TempDir()
	s := filled(b, events)
	rate := func(b *testing.B) { b.ReportMetric(float64(b.N)*events/b.Elapsed().Seconds(), "events/s") }
	opts := Options{Logger: slog.New(slog.DiscardHandler)}
	b.Run("archive", func(b *testing.B) {
		for range b.N {
			a, err := s.Archive(b.Context(), Folder(nil, root+"/archive"), ArchiveOptions{Full: true, Keep: 1})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(a.Bytes)/events, "bytes/event")
		}
		rate(b)
	})
	b.Run("verify", func(b *testing.B) {
		for range b.N {
			if _, err := VerifyArchive(b.Context(), Folder(nil, root+"/archive"), "", nil); err != nil {
				b.Fatal(err)
			}
		}
		rate(b)
	})
	b.Run("restore", func(b *testing.B) {
		var stages []string
		for i := range b.N {
			began, stage := time.Now(), "archive"
			progress := func(p Progress) {
				if p.Stage != stage {
					stages = append(stages, fmt.Sprintf("%s %.1fs", stage, time.Since(began).Seconds()))
					began, stage = time.Now(), p.Stage
				}
			}
			if _, err := Restore(b.Context(), Folder(nil, root+"/archive"), fmt.Sprintf("%s/%d.%d", root, b.N, i), Limit{}, RestoreOptions{Store: opts, Progress: progress}); err != nil {
				b.Fatal(err)
			}
			stages = append(stages, fmt.Sprintf("%s %.1fs", stage, time.Since(began).Seconds()))
		}
		rate(b)
		b.Log(stages)
	})
}
