package eventstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
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

// parallel runs b.N calls of f by a number of writers, and reports the rate.
func parallel(b *testing.B, writers int, f func(n int64) error) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range writers {
		wg.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := f(n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkAppend compares the store with Pebble alone, which writes the same
// keys and values of each event as one batch, without a look at what is there.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("store/writers=%d", writers), func(b *testing.B) {
			s := mustOpen(b, b.TempDir(), Options{})
			parallel(b, writers, func(n int64) error {
				r, err := s.Append(context.Background(), []Commit{{Events: []Event{benchEvent(n)}}})
				if err == nil {
					err = r[0].Err
				}
				return err
			})
		})
		b.Run(fmt.Sprintf("pebble/writers=%d", writers), func(b *testing.B) {
			opts := Options{Logger: slog.New(slog.DiscardHandler)}
			opts.EnsureDefaults()
			db, err := pebble.Open(b.TempDir(), opts.pebble())
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			parallel(b, writers, func(n int64) error { return rawCommit(db, n) })
		})
	}
}

// rawCommit writes what the store writes for one event.
func rawCommit(db *pebble.DB, n int64) error {
	e := benchEvent(n)
	var t tail
	t.batch = db.NewBatch()
	defer func() { _ = t.batch.Close() }()
	st := staged{record: Record{Event: e, Position: uint64(n), AccountSequence: uint64(n), Version: uint64(n), SealedHash: [32]byte{1}, PreviousHash: [32]byte{1}}}
	key := appendLogKey(nil, uint64(n))
	value := appendChecksum(appendRecord(nil, &st.record), 0, key)
	if err := t.write(&st, value); err != nil {
		return err
	}
	if err := t.setHead(); err != nil {
		return err
	}
	return t.batch.Commit(pebble.Sync)
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

// BenchmarkOpen opens what a kill leaves of 1,000,000 events, once as the store
// does, with all its checks, and once as Pebble alone does. Both have the same
// write-ahead log to read.
func BenchmarkOpen(b *testing.B) {
	root := b.TempDir()
	quiet := Options{Logger: slog.New(slog.DiscardHandler)}
	s := mustOpen(b, root+"/log", quiet)
	for n := 0; n < 1_000_000; {
		commits := make([]Commit, 0, 1000)
		for ; len(commits) < 1000; n++ {
			commits = append(commits, Commit{Events: []Event{benchEvent(int64(n))}})
		}
		mustAppend(b, s, commits...)
	}
	for m := s.db.Metrics(); m.Compact.NumInProgress > 0 || m.Flush.NumInProgress > 0 || m.Compact.EstimatedDebt > 0; m = s.db.Metrics() {
		time.Sleep(10 * time.Millisecond)
	}
	copied := 0
	image := func(b *testing.B) string {
		copied++
		dir := fmt.Sprintf("%s/%d", root, copied)
		for {
			err := copyImage(root+"/log", dir)
			if err == nil {
				return dir
			}
			// A compaction has removed a table since the names were listed.
			if !errors.Is(err, os.ErrNotExist) {
				b.Fatal(err)
			}
			if err := os.RemoveAll(dir); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name string
		open func(dir string) (io.Closer, error)
	}{
		{"store", func(dir string) (io.Closer, error) { return Open(dir, quiet) }},
		{"pebble", func(dir string) (io.Closer, error) {
			opts := quiet
			opts.EnsureDefaults()
			return pebble.Open(dir, opts.pebble())
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				dir := image(b)
				b.StartTimer()
				db, err := c.open(dir)
				b.StopTimer()
				if err != nil {
					b.Fatal(err)
				}
				if err := errors.Join(db.Close(), os.RemoveAll(dir)); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}

// copyImage copies a folder that nobody writes to at the moment, as a kill would
// leave it. Tables, which never change, are linked.
func copyImage(from, to string) error {
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	files, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, f := range files {
		source, target := from+"/"+f.Name(), to+"/"+f.Name()
		if strings.HasSuffix(f.Name(), ".sst") {
			err = os.Link(source, target)
		} else {
			_, err = vfs.Clone(vfs.Default, vfs.Default, source, target)
		}
		if err != nil {
			return err
		}
	}
	return nil
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
