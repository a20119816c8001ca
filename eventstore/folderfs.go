package eventstore

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// folderFS is the file system as Pebble gets it. Pebble keeps write-ahead logs
// that it needs no more, to write over them later, and would so keep what is
// redacted. Those that are tainted it does not get back. And nothing that the
// last inventory names is removed.
type folderFS struct {
	vfs.FS
	dir    string
	tables *inventories // nil if none are kept

	mu      sync.Mutex
	tainted map[string]bool
	orphans map[string]bool // paths of files that could not be removed
}

// Remove lets the inventories know of the folder's tables and manifests that go.
func (f *folderFS) Remove(path string) error {
	err := f.remove(path)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil && !oserror.IsNotExist(err) {
		if f.orphans == nil {
			f.orphans = make(map[string]bool)
		}
		f.orphans[path] = true
	} else {
		delete(f.orphans, path)
	}
	return err
}

// removeOrphans tries again what Pebble could not remove, and would leave until
// the folder is opened again.
func (f *folderFS) removeOrphans() error {
	f.mu.Lock()
	paths := slices.Collect(maps.Keys(f.orphans))
	f.mu.Unlock()
	for _, path := range paths {
		if err := f.Remove(path); err != nil && !oserror.IsNotExist(err) {
			return err
		}
	}
	return nil
}

func (f *folderFS) remove(path string) error {
	if name := f.PathBase(path); f.tables != nil && f.PathDir(path) == f.PathDir(f.PathJoin(f.dir, name)) && (strings.HasSuffix(name, ".sst") || strings.HasPrefix(name, "MANIFEST-")) {
		return f.tables.remove(path)
	}
	return f.FS.Remove(path)
}

// Unwrap returns the file system below.
func (f *folderFS) Unwrap() vfs.FS { return f.FS }

// ReuseForWrite makes a new file in place of one that is tainted.
func (f *folderFS) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.tainted[f.PathBase(oldname)] {
		return f.FS.ReuseForWrite(oldname, newname, category)
	}
	delete(f.tainted, f.PathBase(oldname))
	if err := f.FS.Remove(oldname); err != nil {
		return nil, err
	}
	return f.Create(newname, category)
}

// taint lists the write-ahead logs of the folder, and sees to it that none of
// them is written over.
func (f *folderFS) taint(dir string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	names, err := f.List(dir)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasSuffix(n, ".log") })
	f.tainted = make(map[string]bool)
	for _, n := range names {
		f.tainted[n] = true
	}
	return names, nil
}

// wipe makes those of some tainted logs empty that are still there. Pebble does
// not read them again: it has written out what is in them.
func (f *folderFS) wipe(dir string, names []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range names {
		path := f.PathJoin(dir, n)
		if _, err := f.Stat(path); oserror.IsNotExist(err) {
			continue
		} else if err != nil {
			return err
		}
		file, err := f.Create(path, vfs.WriteCategoryUnspecified)
		if err != nil {
			return err
		}
		if err := errors.Join(file.Sync(), file.Close()); err != nil {
			return err
		}
		delete(f.tainted, n)
	}
	return nil
}
