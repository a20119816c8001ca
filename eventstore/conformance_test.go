package eventstore_test

import (
	"path/filepath"
	"testing"

	"weiche/eventstore"
	"weiche/eventstore/eventstoretest"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestInMemory(t *testing.T) {
	eventstoretest.Exercise(t, func(*testing.T) eventstoretest.Opener {
		fs := vfs.NewMem()
		return func(o eventstore.Options) (*eventstore.Store, error) {
			o.FS = fs
			return eventstore.Open("some/folder", o)
		}
	})
}

func TestOnDisk(t *testing.T) {
	eventstoretest.Exercise(t, func(t *testing.T) eventstoretest.Opener {
		dir := filepath.Join(t.TempDir(), "some", "folder")
		return func(o eventstore.Options) (*eventstore.Store, error) {
			return eventstore.Open(dir, o)
		}
	})
}
