package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"weiche/eventstore"
	"weiche/eventstore/eventstoretest"

	"github.com/google/go-cmp/cmp"
)

// restoreOptions are those of a store with indexes and redactions, whose clock
// goes one second on for each commit.
func restoreOptions() eventstore.Options {
	opts := eventstoretest.Quiet()
	opts.Index, opts.Redacts, opts.Now = eventstoretest.IndexWords, eventstoretest.RedactWords, eventstoretest.Now()
	return opts
}

// history is one commit for each line. The sealed part of "b" is redacted by
// position 8.
func history(t *testing.T, s *eventstore.Store) {
	t.Helper()
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
	backup := filepath.Join(root, "backup")
	if err := s.Backup(t.Context(), backup, nil); err != nil {
		t.Fatal(err)
	}
	whole := eventstoretest.Collect(t, s.ReadAll(t.Context(), 0))
	incarnation := s.Incarnation()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		at       eventstore.Limit
		position uint64
	}{
		{"everything", eventstore.Limit{}, 9},
		{"the last position", eventstore.Limit{Position: 9}, 9},
		{"position before the redaction", eventstore.Limit{Position: 7}, 7},
		{"position within a commit", eventstore.Limit{Position: 5}, 3},
		{"time of a commit", eventstore.Limit{Time: whole[3].Recorded}, 6},
		{"time between commits", eventstore.Limit{Time: whole[6].Recorded.Add(time.Millisecond)}, 7},
		{"time before all", eventstore.Limit{Time: whole[0].Recorded.Add(-time.Hour)}, 0},
		{"time after all", eventstore.Limit{Time: whole[8].Recorded.Add(time.Hour)}, 9},
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
			if got.Position != c.position || got.Position != dry.Position || got.Redacted != dry.Redacted || !got.Last.Equal(dry.Last) || !stages["restore"] || !stages["files"] {
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
				0: nil,
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
			if c.position > 0 {
				results := eventstoretest.Append(t, r, eventstore.Commit{Events: []eventstore.Event{eventstoretest.Event("c", "9", "again", "key a")}})
				if !errors.Is(results[0].Err, eventstore.ErrDuplicate) {
					t.Errorf("the restored log has forgotten a dedup key: %v", results[0].Err)
				}
			}
			if m := eventstoretest.Must(t, r, eventstoretest.Event("c", "9", "new")); m.First != c.position+1 {
				t.Errorf("the next event is at %d", m.First)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			// A restore of a restore.
			again := filepath.Join(t.TempDir(), "again")
			if _, err := eventstore.Restore(t.Context(), to, again, eventstore.Limit{}, ro); err != nil {
				t.Fatal(err)
			}
			if head, _, err := eventstore.VerifyFolder(t.Context(), again, restoreOptions(), nil); err != nil || head != c.position+1 {
				t.Errorf("restored twice: %d, %v", head, err)
			}
		})
	}
}

func TestRestoreRefuses(t *testing.T) {
	root := t.TempDir()
	backup, to := filepath.Join(root, "backup"), filepath.Join(root, "to")
	s := eventstoretest.InMemory(t, restoreOptions())
	history(t, s)
	disk, err := eventstore.Open(filepath.Join(root, "log"), restoreOptions())
	if err != nil {
		t.Fatal(err)
	}
	history(t, disk)
	if err := disk.Backup(t.Context(), backup, nil); err != nil {
		t.Fatal(err)
	}
	if err := disk.Backup(t.Context(), backup, nil); err == nil {
		t.Error("a second backup went over the first")
	}
	ro := eventstore.RestoreOptions{Store: restoreOptions()}
	restore := func(from string, at eventstore.Limit) error {
		_, err := eventstore.Restore(t.Context(), from, to, at, ro)
		return err
	}
	if err := restore(filepath.Join(root, "log"), eventstore.Limit{}); !errors.Is(err, eventstore.ErrLocked) {
		t.Errorf("restore from a folder in use: %v", err)
	}
	if err := disk.Close(); err != nil {
		t.Fatal(err)
	}
	if err := restore(backup, eventstore.Limit{Position: 10}); !errors.Is(err, eventstore.ErrNotFound) {
		t.Errorf("restore to a position behind the end: %v", err)
	}
	if _, err := eventstore.Open(backup, restoreOptions()); !errors.Is(err, eventstore.ErrBackup) {
		t.Errorf("open a backup: %v", err)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, "note"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := restore(backup, eventstore.Limit{}); !errors.Is(err, eventstore.ErrNotEmpty) {
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
	if err := restore(backup, eventstore.Limit{}); !errors.Is(err, eventstore.ErrNotEmpty) {
		t.Errorf("restore over what a restore has left: %v", err)
	}
}

// Backups are made while others append. Each is whole, ends with a whole commit,
// and has everything that was answered before it began.
func TestBackupBesideAppends(t *testing.T) {
	root := t.TempDir()
	opts := restoreOptions()
	opts.Now, opts.MemTableBytes = nil, 256<<10
	s, err := eventstore.Open(filepath.Join(root, "log"), opts)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if _, err := s.Append(context.Background(), []eventstore.Commit{{Events: crashEvents(fmt.Sprintf("%d.%d", w, n), 3)}}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	during := uint64(0)
	for i := range 4 {
		if err := s.WaitDurable(t.Context(), uint64(1+i*300)); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(root, fmt.Sprint("backup", i))
		before := s.Durable()
		if err := s.Backup(t.Context(), dir, nil); err != nil {
			t.Fatal(err)
		}
		head, last, err := eventstore.VerifyFolder(t.Context(), dir, opts, nil)
		if err != nil {
			t.Fatal(err)
		}
		if head < before || head%3 != 0 || last.IsZero() {
			t.Errorf("the backup ends at %d, its commits have 3 events, %d was durable before", head, before)
		}
		during += head - before
	}
	stop()
	wg.Wait()
	t.Logf("%d events in 4 backups came during them", during)
}

// Every file of a backup, changed, cut or gone, is found by VerifyFolder, and
// nothing of such a backup is restored.
func TestI02DamagedBackupIsFound(t *testing.T) {
	root := t.TempDir()
	opts := restoreOptions()
	s, err := eventstore.Open(filepath.Join(root, "log"), opts)
	if err != nil {
		t.Fatal(err)
	}
	history(t, s)
	backup := filepath.Join(root, "backup")
	if err := s.Backup(t.Context(), backup, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(backup)
	if err != nil {
		t.Fatal(err)
	}
	verify := func() error {
		_, _, err := eventstore.VerifyFolder(t.Context(), backup, opts, nil)
		return err
	}
	damages := 0
	for _, f := range files {
		path := filepath.Join(backup, f.Name())
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name() == "LOCK" || strings.HasPrefix(f.Name(), "marker.") || f.Name() == "BACKUP" {
			continue // without content, or tried below
		}
		flipped := slices.Clone(good)
		flipped[len(good)/2] ^= 4
		for what, bad := range map[string][]byte{"flipped": flipped, "cut": good[:len(good)/2], "gone": nil} {
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			if bad != nil {
				if err := os.WriteFile(path, bad, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			damages++
			if err := verify(); !errors.Is(err, eventstore.ErrCorrupt) || !strings.Contains(err.Error(), f.Name()) {
				t.Errorf("%s %s: %v", f.Name(), what, err)
			}
			if _, err := eventstore.Restore(t.Context(), backup, filepath.Join(root, "to"), eventstore.Limit{}, eventstore.RestoreOptions{Store: opts}); !errors.Is(err, eventstore.ErrCorrupt) {
				t.Errorf("restore, %s %s: %v", f.Name(), what, err)
			}
		}
		if err := os.WriteFile(path, good, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if damages < 15 {
		t.Errorf("only %d damages", damages)
	}
	if err := verify(); err != nil {
		t.Errorf("after all is back: %v", err)
	}
	if err := os.WriteFile(filepath.Join(backup, "BACKUP"), []byte("weiche-backup 1"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := verify(); !errors.Is(err, eventstore.ErrCorrupt) {
		t.Errorf("a list that is cut: %v", err)
	}
}
