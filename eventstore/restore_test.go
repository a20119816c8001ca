package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"weiche/eventstore"
	"weiche/eventstore/eventstoretest"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
)

// restoreOptions are those of a store with indexes and redactions, whose clock
// goes one second on for each commit.
func restoreOptions() eventstore.Options {
	opts := eventstoretest.Quiet()
	opts.Index, opts.Redacts, opts.Now = eventstoretest.IndexWords, eventstoretest.RedactWords, eventstoretest.Now()
	return opts
}

// history is one commit for each line, of epoch 3. The sealed part of "b" is redacted by
// position 8.
func history(t *testing.T, s *eventstore.Store) {
	t.Helper()
	if err := s.Fence(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	words := func(id, facts string) eventstore.Event {
		e := eventstoretest.Event("c", "1", id, "key "+id)
		e.Facts = []byte(facts)
		return e
	}
	eventstoretest.Must(t, s, words("a", "put:x=1 put:y=1"))                                                             // 1
	eventstoretest.Must(t, s, eventstoretest.Sealed("c", "2", "b", "secret"), eventstoretest.Sealed("c", "2", "c", "s")) // 2, 3
	eventstoretest.Must(t, s, words("d", "del:x put:y=2"), words("e", "put:z=1"), words("f", "put:z=2"))                 // 4 to 6
	eventstoretest.Must(t, s, words("g", "put:x=3"))                                                                     // 7
	eventstoretest.Must(t, s, eventstoretest.Redaction("c", "2", "h", "b"))                                              // 8
	eventstoretest.Must(t, s, words("i", "del:y"))                                                                       // 9
}

func content(t *testing.T, s *eventstore.Store) (all []string) {
	t.Helper()
	for _, r := range eventstoretest.Collect(t, s.ReadAll(t.Context(), 0)) {
		all = append(all, fmt.Sprintf("%d %s/%d %s %q %x", r.Position, r.Stream, r.Version, r.ID, r.Sealed, r.Hash()))
	}
	for _, h := range eventstoretest.Collect(t, s.IndexScan(t.Context(), "acme", "words", nil, nil)) {
		all = append(all, fmt.Sprintf("%s=%s@%d", h.Key, h.Value, h.Position))
	}
	return all
}

func TestI31RestoreHoldsExactlyTheEventsUpToTheLimit(t *testing.T) {
	root := t.TempDir()
	opts := restoreOptions()
	s, err := eventstore.Open(filepath.Join(root, "log"), opts)
	if err != nil {
		t.Fatal(err)
	}
	history(t, s)
	backup := eventstore.Folder(nil, filepath.Join(root, "backup"))
	archive(t, s, backup, eventstore.ArchiveOptions{})
	whole := eventstoretest.Collect(t, s.ReadAll(t.Context(), 0))
	incarnation := s.Incarnation()
	generations, err := eventstore.Archives(t.Context(), backup)
	if err != nil || len(generations) != 1 {
		t.Fatal(generations, err)
	}
	first := func(at eventstore.Limit) eventstore.Limit {
		at.Generation = generations[0].Name
		return at
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		at       eventstore.Limit
		position uint64
	}{
		{"everything", first(eventstore.Limit{}), 9},
		{"the last position", first(eventstore.Limit{Position: 9}), 9},
		{"position before the redaction", first(eventstore.Limit{Position: 7}), 7},
		{"position within a commit", first(eventstore.Limit{Position: 5}), 3},
		{"time of a commit", first(eventstore.Limit{Time: whole[3].Recorded}), 6},
		{"time between commits", first(eventstore.Limit{Time: whole[6].Recorded.Add(time.Millisecond)}), 7},
		{"time after all", first(eventstore.Limit{Time: whole[8].Recorded.Add(time.Hour)}), 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			to := filepath.Join(t.TempDir(), "some", "folder")
			stages := map[string]bool{}
			ro := eventstore.RestoreOptions{Store: restoreOptions(), DryRun: true, Progress: func(p eventstore.Progress) { stages[p.Stage] = true }}
			dry, err := eventstore.Restore(t.Context(), backup, to, c.at, ro)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a dry run has made the folder: %v", err)
			}
			ro.DryRun = false
			got, err := eventstore.Restore(t.Context(), backup, to, c.at, ro)
			if err != nil {
				t.Fatal(err)
			}
			if got.Position != c.position || got.Position != dry.Position || got.Redacted != dry.Redacted || !got.Last.Equal(dry.Last) || !stages["restore"] || !stages["archive"] || !stages["log"] {
				t.Errorf("restored %+v, planned %+v, stages %v", got, dry, stages)
			}
			r, err := eventstore.Open(to, restoreOptions())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = r.Close() }()
			if r.Incarnation() == incarnation || r.Incarnation() != got.NewIncarnation {
				t.Errorf("incarnation %s, of the source %s, told %s", r.Incarnation(), incarnation, got.NewIncarnation)
			}
			origin := r.Origins()
			if len(origin) != 1 || origin[0].Incarnation != incarnation || origin[0].Position != c.position || origin[0].Head != 9 {
				t.Errorf("origins %+v", origin)
			}
			// A log that never went further is the same.
			other := eventstoretest.InMemory(t, restoreOptions())
			history(t, other)
			if err := other.Purge(t.Context()); err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, line := range content(t, other) {
				if at := uint64(line[0] - '0'); line[0] >= '1' && line[0] <= '9' && at <= c.position {
					want = append(want, line)
				}
			}
			entries := map[uint64][]string{
				3: {"x=1@1", "y=1@1"},
				6: {"y=2@4", "z=2@6"},
				7: {"x=3@7", "y=2@4", "z=2@6"},
				9: {"x=3@7", "z=2@6"},
			}[c.position]
			if diff := cmp.Diff(append(want, entries...), content(t, r)); diff != "" {
				t.Errorf("restored (-want +got):\n%s", diff)
			}
			if err := r.Verify(t.Context(), nil); err != nil {
				t.Error(err)
			}
			results := eventstoretest.Append(t, r, eventstore.Commit{Epoch: 3, Events: []eventstore.Event{eventstoretest.Event("c", "9", "again", "key a")}})
			if !errors.Is(results[0].Err, eventstore.ErrDuplicate) {
				t.Errorf("the restored log has forgotten a dedup key: %v", results[0].Err)
			}
			if m := eventstoretest.Must(t, r, eventstoretest.Event("c", "9", "new")); m.First != c.position+1 {
				t.Errorf("the next event is at %d", m.First)
			}
			// A restore of a restore. It is archived beside the log that it comes
			// from, and is newer.
			archive(t, r, backup, eventstore.ArchiveOptions{})
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			again := filepath.Join(t.TempDir(), "again")
			second, err := eventstore.Restore(t.Context(), backup, again, eventstore.Limit{}, ro)
			if err != nil {
				t.Fatal(err)
			}
			if second.Incarnation != got.NewIncarnation || second.Redacted != 0 {
				t.Errorf("restored twice: %+v", second)
			}
			if head, _, err := eventstore.VerifyFolder(t.Context(), again, restoreOptions(), nil); err != nil || head != c.position+1 {
				t.Errorf("restored twice: %d, %v", head, err)
			}
			if r, err = eventstore.Open(again, restoreOptions()); err != nil {
				t.Fatal(err)
			}
			if o := r.Origins(); len(o) != 2 || o[0].Incarnation != incarnation || o[1].Incarnation != got.NewIncarnation || o[1].Position != c.position+1 {
				t.Errorf("origins of what was restored twice: %+v", o)
			}
		})
	}
}

func TestRestoreRefuses(t *testing.T) {
	root := t.TempDir()
	to := filepath.Join(root, "to")
	backup := eventstore.Folder(nil, filepath.Join(root, "backup"))
	ro := eventstore.RestoreOptions{Store: restoreOptions()}
	restore := func(at eventstore.Limit) error {
		_, err := eventstore.Restore(t.Context(), backup, to, at, ro)
		return err
	}
	if err := restore(eventstore.Limit{}); !errors.Is(err, eventstore.ErrNotFound) {
		t.Errorf("restore from nothing: %v", err)
	}
	s := eventstoretest.InMemory(t, restoreOptions())
	eventstoretest.Must(t, s, eventstoretest.Event("c", "1", "1"), eventstoretest.Event("c", "1", "2"))
	eventstoretest.Must(t, s, eventstoretest.Event("c", "1", "3"))
	begin := eventstoretest.Collect(t, s.ReadAll(t.Context(), 0))[0].Recorded
	archive(t, s, backup, eventstore.ArchiveOptions{})
	for _, c := range []struct {
		at   eventstore.Limit
		want string
	}{
		{eventstore.Limit{Position: 10}, "position 10 of 3"},
		{eventstore.Limit{Position: 1}, "no commit ends by then"},
		{eventstore.Limit{Time: begin.Add(-time.Second)}, "the first of 3 events was recorded at " + begin.Format(time.RFC3339)},
		{eventstore.Limit{Generation: "20260101T000000Z-X"}, "archive 20260101T000000Z-X"},
	} {
		if err := restore(c.at); !errors.Is(err, eventstore.ErrNotFound) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("restore to %+v: %v", c.at, err)
		}
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, "note"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := restore(eventstore.Limit{}); !errors.Is(err, eventstore.ErrNotEmpty) {
		t.Errorf("restore into a folder with a file: %v", err)
	}
	if err := os.Remove(filepath.Join(to, "note")); err != nil {
		t.Fatal(err)
	}
	// A restore that is given up leaves a folder that is never taken for a log.
	ctx, cancel := context.WithCancel(t.Context())
	ro.Progress = func(p eventstore.Progress) {
		if p.Stage == "restore" {
			cancel()
		}
	}
	if _, err := eventstore.Restore(ctx, backup, to, eventstore.Limit{}, ro); !errors.Is(err, context.Canceled) {
		t.Errorf("a restore that is given up: %v", err)
	}
	for _, readOnly := range []bool{false, true} {
		opts := restoreOptions()
		opts.ReadOnly = readOnly
		if _, err := eventstore.Open(to, opts); !errors.Is(err, eventstore.ErrUnfinished) {
			t.Errorf("open what a restore has left: %v", err)
		}
	}
	ro.Progress = nil
	if err := restore(eventstore.Limit{}); !errors.Is(err, eventstore.ErrNotEmpty) {
		t.Errorf("restore over what a restore has left: %v", err)
	}
}

// An empty log has an archive, too, and comes back from it.
func TestRestoreOfAnEmptyLog(t *testing.T) {
	fs := vfs.NewMem()
	backup := eventstore.Folder(fs, "backup")
	opts := restoreOptions()
	opts.FS = fs
	s := eventstoretest.InMemory(t, opts)
	archive(t, s, backup, eventstore.ArchiveOptions{})
	got, err := eventstore.Restore(t.Context(), backup, "to", eventstore.Limit{}, eventstore.RestoreOptions{Store: opts})
	if err != nil || got.Position != 0 || got.Incarnation != s.Incarnation() {
		t.Fatal(got, err)
	}
	if head, _, err := eventstore.VerifyFolder(t.Context(), "to", opts, nil); head != 0 || err != nil {
		t.Error(head, err)
	}
}

// A log that lost a sealed part without a word is not restored as if that were
// in order.
func TestI02RestoreFindsASealedPartThatNobodyRedacted(t *testing.T) {
	fs := vfs.NewMem()
	backup := eventstore.Folder(fs, "backup")
	opts := restoreOptions()
	opts.FS = fs
	s := eventstoretest.InMemory(t, opts)
	eventstoretest.Must(t, s, eventstoretest.Sealed("c", "1", "a", "secret"))
	eventstoretest.Must(t, s, eventstoretest.Redaction("c", "1", "b", "a"))
	if err := s.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	archive(t, s, backup, eventstore.ArchiveOptions{})
	opts.Redacts = nil // who does not know of the redaction
	_, err := eventstore.Restore(t.Context(), backup, "to", eventstore.Limit{}, eventstore.RestoreOptions{Store: opts})
	var e *eventstore.CorruptError
	if !errors.As(err, &e) || e.Kind() != eventstore.DamageSealed || e.Position != 1 {
		t.Errorf("restored: %v", err)
	}
}

// begunMeanwhile is a bucket, of which the first look at an object lets somebody
// begin a log.
type begunMeanwhile struct {
	eventstore.Bucket
	begin func()
}

func (b begunMeanwhile) Read(ctx context.Context, name string) ([]byte, error) {
	b.begin()
	return b.Bucket.Read(ctx, name)
}

// A log that is begun in the folder while Restore verifies the archive stays as
// it is, and can be opened afterwards.
func TestRestoreLeavesALogThatWasBegunMeanwhile(t *testing.T) {
	for _, open := range []bool{false, true} {
		t.Run(fmt.Sprint("open ", open), func(t *testing.T) {
			root := t.TempDir()
			opts := restoreOptions()
			s, err := eventstore.Open(filepath.Join(root, "log"), opts)
			if err != nil {
				t.Fatal(err)
			}
			history(t, s)
			bucket := eventstore.Folder(nil, filepath.Join(root, "archive"))
			if _, err := s.Archive(t.Context(), bucket, eventstore.ArchiveOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			to := filepath.Join(root, "new")
			var other *eventstore.Store
			begin := sync.OnceFunc(func() {
				if other, err = eventstore.Open(to, opts); err != nil {
					t.Fatal(err)
				}
				eventstoretest.Must(t, other, eventstoretest.Event("c", "9", "other"))
				if !open {
					if err := other.Close(); err != nil {
						t.Fatal(err)
					}
				}
			})
			if _, err := eventstore.Restore(t.Context(), begunMeanwhile{bucket, begin}, to, eventstore.Limit{}, eventstore.RestoreOptions{Store: opts}); !errors.Is(err, eventstore.ErrNotEmpty) {
				t.Errorf("Restore: %v, want ErrNotEmpty", err)
			}
			if other == nil {
				t.Fatal("no log was begun")
			}
			if open {
				if err := other.Close(); err != nil {
					t.Fatal(err)
				}
			}
			head, _, err := eventstore.VerifyFolder(t.Context(), to, opts, nil)
			if err != nil || head != 1 {
				t.Errorf("the other log ends at %d, %v", head, err)
			}
		})
	}
}
