package eventstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	iofs "io/fs"
	"slices"
	"strings"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Bucket is where archives are kept: objects that are written whole, under names
// whose parts are separated by slashes. An object store is one, and so is a
// folder, see [Folder]. Its methods are called from one goroutine at a time for
// each call of this package, and from several if several archive into it.
type Bucket interface {
	// Write makes an object or replaces it. When it returns nil, content is
	// durable. Who reads at the same time gets the old content or the new one,
	// and after an error either.
	Write(ctx context.Context, name string, content []byte) error
	// Read returns an object, or an error that is ErrNotFound if there is none.
	Read(ctx context.Context, name string) ([]byte, error)
	// List returns the names that begin with prefix, sorted by bytes.
	List(ctx context.Context, prefix string) ([]string, error)
	// Delete removes an object durably. If there is none, that is no error.
	Delete(ctx context.Context, name string) error
}

// Folder returns a bucket that keeps its objects as files below dir, which is
// made at the first Write; fs is the disk if nil. A name must be a relative path
// with slashes, of which no part begins with a dot. What a crash leaves of a
// Write that did not return is a file whose name begins with a dot, which List
// does not tell; it goes with the last object of its folder below dir.
func Folder(fs vfs.FS, dir string) Bucket {
	if fs == nil {
		fs = vfs.Default
	}
	return folder{fs, dir}
}

type folder struct {
	fs  vfs.FS
	dir string
}

// path returns where an object is.
func (f folder) path(name string) (string, error) {
	if !iofs.ValidPath(name) || strings.HasPrefix(name, ".") || strings.Contains(name, "/.") {
		return "", fmt.Errorf("eventstore: %q is no name of an object", name)
	}
	return f.fs.PathJoin(append([]string{f.dir}, strings.Split(name, "/")...)...), nil
}

// Write syncs a file under another name and renames it.
func (f folder) Write(ctx context.Context, name string, content []byte) error {
	path, err := f.path(name)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	dir := f.fs.PathDir(path)
	if err := makeDir(f.fs, dir); err != nil {
		return err
	}
	part := partName(f.fs.PathBase(path))
	if err := writeDurably(f.fs, dir, part, content); err != nil {
		return errors.Join(err, f.fs.Remove(f.fs.PathJoin(dir, part)))
	}
	if err := f.fs.Rename(f.fs.PathJoin(dir, part), path); err != nil {
		return err
	}
	return syncDir(f.fs, dir)
}

func (f folder) Read(ctx context.Context, name string) ([]byte, error) {
	path, err := f.path(name)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	content, err := readAll(f.fs, path)
	if oserror.IsNotExist(err) {
		return nil, fmt.Errorf("%w: no object %s in %s", ErrNotFound, name, f.dir)
	}
	return content, err
}

func (f folder) List(ctx context.Context, prefix string) ([]string, error) {
	names, err := f.list(ctx, f.dir, "")
	names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, prefix) })
	slices.Sort(names)
	return names, err
}

// list returns the names of all objects below dir, each with before in front.
func (f folder) list(ctx context.Context, dir, before string) (names []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	entries, err := f.fs.List(dir)
	if err != nil && !oserror.IsNotExist(err) {
		return nil, err
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry, ".") {
			continue
		}
		path := f.fs.PathJoin(dir, entry)
		info, err := f.fs.Stat(path)
		switch {
		case oserror.IsNotExist(err): // deleted meanwhile
		case err != nil:
			return nil, err
		case info.IsDir():
			below, err := f.list(ctx, path, before+entry+"/")
			if err != nil {
				return nil, err
			}
			names = append(names, below...)
		default:
			names = append(names, before+entry)
		}
	}
	return names, nil
}

func (f folder) Delete(ctx context.Context, name string) error {
	path, err := f.path(name)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	if err := f.fs.Remove(path); oserror.IsNotExist(err) {
		return nil
	} else if err != nil {
		return err
	}
	dir := f.fs.PathDir(path)
	left, err := f.fs.List(dir)
	if err == nil && strings.Contains(name, "/") && !slices.ContainsFunc(left, func(n string) bool { return !isPart(n) }) {
		// What is left is of Writes that a crash has ended. Another may write there
		// at this moment, so all this may fail, and so may that Write.
		for _, n := range left {
			_ = f.fs.Remove(f.fs.PathJoin(dir, n))
		}
		if f.fs.Remove(dir) == nil {
			dir = f.fs.PathDir(dir)
		}
	}
	return syncDir(f.fs, dir)
}

// partName returns a name for an object that is being written.
func partName(base string) string { return "." + base + "." + rand.Text() }

// isPart reports whether partName may have returned a name.
func isPart(name string) bool {
	at := strings.LastIndexByte(name, '.')
	return at > 0 && name[0] == '.' && len(name)-at-1 == len(rand.Text())
}

// writeDurably makes a file that is on disk when it returns.
func writeDurably(fs vfs.FS, dir, name string, content []byte) error {
	f, err := fs.Create(fs.PathJoin(dir, name), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return syncDir(fs, dir)
}
