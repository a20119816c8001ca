package eventstore

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// inventories writes inventories. What Pebble wants to remove goes through it.
type inventories struct {
	fs  vfs.FS
	dir string
	// changed is set when Pebble's files may have changed.
	changed atomic.Bool
	failed  atomic.Bool

	mu    sync.Mutex
	db    *pebble.DB // nil while Pebble opens
	next  int        // the file that is written next
	last  *inventory // what is on disk, nil before the first
	later []string   // what Pebble wanted to remove before db was known
	over  bool       // Pebble is closing: what the last inventory names stays
	err   error      // the first failure to write
}

// listen adds what has to be known of what Pebble does.
func (w *inventories) listen(to *pebble.EventListener) {
	change := func() { w.changed.Store(true) }
	to.FlushEnd = func(pebble.FlushInfo) { change() }
	to.CompactionEnd = func(pebble.CompactionInfo) { change() }
	to.ManifestCreated = func(pebble.ManifestCreateInfo) { change() }
}

// remove removes a file that Pebble does not use any more, after an inventory
// without it is on disk.
func (w *inventories) remove(path string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := w.fs.PathBase(path)
	switch {
	case w.last == nil:
	case w.err != nil:
		// The one that could not be written may be on disk all the same, and may
		// name files that the last one does not.
		return w.err
	case w.db == nil:
		w.later = append(w.later, path)
		return nil
	case w.last.names(name):
		if !w.over {
			if err := w.write(); err != nil {
				return err
			}
		}
		if w.last.names(name) {
			return nil // the next Open removes it
		}
	}
	return w.fs.Remove(path)
}

func (v *inventory) names(name string) bool {
	_, table := v.tables[name]
	return table || v.manifest == name
}

// opened writes the first inventory of an open folder, and removes what Pebble
// wanted to remove before.
func (w *inventories) opened(db *pebble.DB, incarnation string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last == nil || w.last.incarnation != incarnation {
		w.last = &inventory{incarnation: incarnation}
	}
	w.db = db
	if err := w.write(); err != nil {
		return err
	}
	for _, path := range w.later {
		if w.last.names(w.fs.PathBase(path)) {
			continue
		}
		if err := w.fs.Remove(path); err != nil && !oserror.IsNotExist(err) {
			return err
		}
	}
	w.later = nil
	return nil
}

// failure returns why an inventory could not be written.
func (w *inventories) failure() error {
	if w == nil || !w.failed.Load() {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// due writes an inventory if anything has changed.
func (w *inventories) due() error {
	if w == nil || !w.changed.Load() {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.write()
}

// abandon ends the inventories of a failed Open: what the last one names stays.
func (w *inventories) abandon() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
}

// closing writes an inventory before Pebble closes. What it names stays from
// now on.
func (w *inventories) closing() error {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	return w.write()
}

// closed writes the last inventory. Pebble has ended its compactions and written
// to its manifest since the one before; the tables of that one are still there.
func (w *inventories) closed() error {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return nil // which closing has returned
	}
	v := &inventory{number: w.last.number + 1, incarnation: w.last.incarnation, tables: w.last.tables}
	if err := v.takeManifest(w.fs, w.dir); err != nil || w.last.same(v) {
		return err
	}
	return writeInventory(w.fs, w.dir, w.next, v)
}

// write writes an inventory if it differs from the last one.
func (w *inventories) write() error {
	if w.err != nil {
		return w.err
	}
	w.changed.Store(false)
	v, err := takeInventory(w.fs, w.dir, w.db)
	if err == nil && !w.last.same(v) {
		v.number, v.incarnation = w.last.number+1, w.last.incarnation
		if err = writeInventory(w.fs, w.dir, w.next, v); err == nil {
			w.last, w.next = v, 1-w.next
		}
	}
	if err != nil {
		w.err = fmt.Errorf("write the inventory of tables: %w", err)
		w.failed.Store(true)
	}
	return w.err
}

func (v *inventory) same(other *inventory) bool {
	return v.manifest == other.manifest && v.length == other.length && v.sum == other.sum && maps.Equal(v.tables, other.tables)
}

// takeInventory looks at what is there. Without db all tables of the folder are
// in use.
func takeInventory(fs vfs.FS, dir string, db *pebble.DB) (*inventory, error) {
	v := &inventory{tables: make(map[string]int64)}
	if err := v.takeManifest(fs, dir); err != nil {
		return nil, err
	}
	names, err := fs.List(dir)
	if err != nil {
		return nil, err
	}
	var live map[string]bool
	if db != nil {
		if live, err = liveTables(db); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		if db != nil && !live[name] || !strings.HasSuffix(name, ".sst") {
			continue
		}
		info, err := fs.Stat(fs.PathJoin(dir, name))
		if err != nil {
			return nil, err
		}
		v.tables[name] = info.Size()
	}
	return v, nil
}

// takeManifest reads the manifest that Pebble uses. What Pebble has written and
// not synced yet is synced here: an inventory must not know more than the disk.
func (v *inventory) takeManifest(fs vfs.FS, dir string) error {
	found, err := pebble.Peek(dir, fs)
	if err != nil {
		return err
	}
	info, err := fs.Stat(found.ManifestFilename)
	if err != nil {
		return err
	}
	v.manifest, v.length = fs.PathBase(found.ManifestFilename), info.Size()
	v.sum, err = sumManifest(fs, found.ManifestFilename, v.length, true)
	return err
}

// writeInventory replaces one file of the pair. A power cut in the middle leaves
// the other one.
func writeInventory(fs vfs.FS, dir string, i int, v *inventory) error {
	return writeDurably(fs, dir, inventoryName(i), v.encode())
}
