package eventstore

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// newName is a file that is in the folder from before Pebble makes its first
// file there until the empty log is on disk. A power cut between these leaves a
// folder that Pebble may not open any more: the name of its manifest can be on
// disk and the manifest not. No event was accepted while the file is there, so
// who finds it starts over.
const newName = "NEW"

// begin marks a folder without a log as one that is being made. It first clears
// away what an earlier try has left.
func (s *Store) begin() error {
	fs := s.opts.FS
	path := fs.PathJoin(s.dir, newName)
	_, err := fs.Stat(path)
	switch {
	case err == nil && s.opts.ReadOnly:
		return fmt.Errorf("%w: no log in folder %s", ErrNotFound, s.dir)
	case err == nil:
		return s.clear()
	case !oserror.IsNotExist(err):
		return err
	}
	found, err := pebble.Peek(s.dir, fs)
	if err != nil || found.Exists || s.opts.ReadOnly {
		return err
	}
	if _, _, marks, err := readMarks(fs, s.dir); err != nil || marks > 0 {
		return err
	}
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncDir(fs, s.dir)
}

// clear removes the files of Pebble and the marks, and nothing else.
func (s *Store) clear() error {
	fs := s.opts.FS
	names, err := fs.List(s.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !isOurs(name) {
			continue
		}
		if err := fs.Remove(fs.PathJoin(s.dir, name)); err != nil {
			return err
		}
	}
	return syncDir(fs, s.dir)
}

func isOurs(name string) bool {
	for _, prefix := range []string{"MANIFEST-", "OPTIONS-", "MARK-", "TABLES-", "BALLAST", "marker.", "temporary."} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	for _, suffix := range []string{".log", ".sst", ".blob", ".dbtmp"} {
		if strings.HasSuffix(name, suffix) && strings.Trim(strings.TrimSuffix(name, suffix), "0123456789") == "" {
			return true
		}
	}
	return false
}

// finish says that the folder is made.
func (s *Store) finish() error {
	fs := s.opts.FS
	if err := fs.Remove(fs.PathJoin(s.dir, newName)); oserror.IsNotExist(err) {
		return nil
	} else if err != nil {
		return err
	}
	return syncDir(fs, s.dir)
}
