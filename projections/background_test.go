package projections

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Views whose folder was taken away are closed in bounded time, and it is no success;
// Pebble alone would try to write their rows for ever. The control is a folder that is
// there.
func TestCloseOfViewsThatAreGone(t *testing.T) {
	for _, gone := range []bool{true, false} {
		dir, log := filepath.Join(t.TempDir(), "views"), newLog("one")
		dialogue(t, log)
		v, err := Open(dir, Options{FS: vfs.Default, Opener: log.keys.open, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
			t.Fatal(err)
		}
		if gone {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
		closed := make(chan error, 1)
		go func() { closed <- v.Close() }()
		select {
		case err := <-closed:
			if errors.Is(err, os.ErrNotExist) != gone {
				t.Errorf("gone %t: Close: %v", gone, err)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("gone %t: Close has not returned", gone)
		}
	}
}
