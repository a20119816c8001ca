package projections

import (
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// disk is a file system with as much room as a test says.
type disk struct {
	vfs.FS
	free uint64
}

func (d *disk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: d.free, TotalBytes: 100 << 20}, nil
}

// With too little room for rows beside the old ones nothing is begun; what Run
// rebuilds goes on.
func TestI27NoRoomForARebuild(t *testing.T) {
	log := newLog("one")
	dialogue(t, log, "start widget", "customer@widget: hi")
	d := &disk{FS: vfs.NewMem()}
	v, err := Open("views", Options{
		FS: d, Opener: log.keys.open, MinFree: func(total uint64) uint64 { return total / 10 },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	running(t, v, log)
	if err := v.WaitFor(t.Context(), log.Durable()); err != nil {
		t.Fatal(err)
	}
	if err := v.Rebuild(t.Context(), log, "", nil); !errors.Is(err, ErrDiskFull) {
		t.Errorf("rebuild without room: %v", err)
	}
	if err := v.Verify(t.Context(), log, nil); !errors.Is(err, ErrDiskFull) {
		t.Errorf("verify without room: %v", err)
	}
	d.free = 50 << 20
	if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Errorf("rebuild with room: %v", err)
	}
	if err := v.Verify(t.Context(), log, nil); err != nil {
		t.Errorf("verify with room: %v", err)
	}
}
