package projections

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"weiche/eventstore"
)

// damageName is the file that says, with its content, that something in the
// folder is damaged. The next Open throws the folder's rows away.
const damageName = "DAMAGED"

// damagedRow is a row that Pebble gives and that is not as it was written.
type damagedRow struct{ error }

func (e damagedRow) Unwrap() error { return e.error }

// openError is an error of Pebble's at opening a folder that was there.
type openError struct{ error }

func (e openError) Unwrap() error { return e.error }

// openPebble opens a folder. A panic in it is an error: Pebble does not expect
// all that a flipped bit can do.
func openPebble(dir string, opts *pebble.Options) (db *pebble.DB, err error) {
	defer func() {
		if r := recover(); r != nil {
			db, err = nil, openError{fmt.Errorf("panic: %v", r)}
		}
	}()
	found, err := pebble.Peek(dir, opts.FS)
	if err != nil {
		return nil, openError{err}
	}
	if found.Exists && found.FormatMajorVersion > opts.FormatMajorVersion {
		return nil, fmt.Errorf("the folder has Pebble's format %d, newest known is %d", found.FormatMajorVersion, opts.FormatMajorVersion)
	}
	if db, err = pebble.Open(dir, opts); err != nil {
		return nil, openError{err}
	}
	return db, nil
}

// isDamage reports whether an error says that what is on disk is not what was
// written. Pebble does not mark all errors of that kind at opening, but what the
// system refuses has a number of the system's, except for a file that is gone.
func isDamage(err error) bool {
	if err == nil || errors.Is(err, eventstore.ErrCorrupt) { // the log's damage is not ours
		return false
	}
	if row := (damagedRow{}); pebble.IsCorruptionError(err) || errors.As(err, &row) {
		return true
	}
	if opening := (openError{}); !errors.As(err, &opening) {
		return false
	}
	var number syscall.Errno
	return !errors.As(err, &number) || errors.Is(err, os.ErrNotExist)
}

// damaged is told of every damage that Pebble finds while it reads, also in the
// background. Without it Pebble would end the process by Fatalf instead.
func (v *Views) damaged(info pebble.DataCorruptionInfo) {
	v.note(fmt.Errorf("%s: %w", v.opts.FS.PathBase(info.Path), info.Details))
}

// note takes note of damage, once: from now on nothing is served, calls that take
// long end, and the rows are thrown away by Run or else by the next Open.
func (v *Views) note(damage error) {
	v.state.Lock()
	first := v.sound.Err() == nil
	v.unsound(fmt.Errorf("%w: %w", ErrCorrupt, damage))
	clear(v.state.ready)
	v.state.allReady, v.state.position = false, 0
	v.state.Unlock()
	if !first {
		return
	}
	v.opts.Logger.Error("projections: a file of the views is damaged", "folder", v.dir, "found", damage.Error())
	if err := v.writeDamage(damage.Error()); err != nil {
		v.opts.Logger.Error("projections: cannot take note of damage for the next start", "folder", v.dir, "error", err)
	}
}

func (v *Views) writeDamage(what string) error {
	fs := v.opts.FS
	f, err := fs.Create(fs.PathJoin(v.dir, damageName), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, what)
	return errors.Join(err, f.Sync(), f.Close(), v.syncDir())
}

func (v *Views) syncDir() error {
	d, err := v.opts.FS.OpenDir(v.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// knownDamage returns the damage that was noted before.
func (v *Views) knownDamage() error {
	f, err := v.opts.FS.Open(v.opts.FS.PathJoin(v.dir, damageName))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	what, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return damagedRow{fmt.Errorf("%w: found before: %s", ErrCorrupt, what)}
}

// heed takes note of an error that says that the folder is damaged, and returns
// an [ErrCorrupt] for it; any other error as it is.
func (v *Views) heed(err error) error {
	if !isDamage(err) {
		return err
	}
	v.note(err)
	if errors.Is(err, ErrCorrupt) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// renew throws away what is in a damaged folder and opens it again, when the
// calls that use it have ended.
func (v *Views) renew() error {
	v.life.Lock()
	defer v.life.Unlock()
	if v.closed {
		return ErrClosed
	}
	found := context.Cause(v.sound)
	if found == nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	_ = v.db.Close() // of a damaged folder
	if err := v.reopen(found); err != nil {
		v.closed = true // there is nothing left to use
		return errors.Join(fmt.Errorf("projections: open %s: %w", v.dir, err), v.lock.Close())
	}
	return nil
}

// reopen empties the folder and opens it.
func (v *Views) reopen(found error) error {
	v.opts.Logger.Warn("projections: the views are damaged; they are thrown away and folded from the log anew",
		"folder", v.dir, "found", found.Error())
	if err := v.empty(); err != nil {
		return err
	}
	return v.open()
}

// empty removes all files of the folder, the note of the damage as the last one:
// a crash in between must not leave a part of them that can be opened.
func (v *Views) empty() error {
	fs := v.opts.FS
	if err := v.writeDamage("the views were being thrown away"); err != nil {
		return err
	}
	names, err := fs.List(v.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name != "LOCK" && name != damageName {
			if err := fs.RemoveAll(fs.PathJoin(v.dir, name)); err != nil {
				return err
			}
		}
	}
	if err := v.syncDir(); err != nil {
		return err
	}
	return errors.Join(fs.Remove(fs.PathJoin(v.dir, damageName)), v.syncDir())
}
