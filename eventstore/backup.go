package eventstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// backupName is a file that lists the files of a backup with their hashes. It is
// written last, so that a folder without it is no finished backup, and Open
// refuses to write to a folder that has it.
const backupName = "BACKUP"

const backupMagic = "weiche-backup 1"

// Backup makes a copy of the folder in dir, which must not exist, while appends
// and readers go on. The copy holds every event that was on disk at the call,
// may hold some of what came during it, and always ends with a whole commit. It
// shares no file with the original, is on disk when Backup returns nil, and
// tells by itself whether it is whole, see [VerifyFolder]. It is used with
// [Restore]; Open refuses to append to it.
//
// Keys that open sealed parts are no part of it, whoever keeps them. progress,
// if not nil, is called from time to time with the bytes of the stage "copy". A
// call that fails leaves what it has copied in dir.
func (s *Store) Backup(ctx context.Context, dir string, progress func(Progress)) error {
	if err := s.Checkpoint(ctx, dir); err != nil {
		return err
	}
	b := backup{fs: s.opts.FS, dir: dir, stop: func() error { return s.stopped(ctx) }, stage: "copy", progress: progress}
	return wrap("backup to "+dir, b.write(s))
}

// stopped returns why a long call has to end.
func (s *Store) stopped(ctx context.Context) error {
	if s.closing.Load() {
		return ErrClosed
	}
	return ctx.Err()
}

// backup reads or writes the list of a backup's files.
type backup struct {
	fs       vfs.FS
	dir      string
	stop     func() error
	stage    string
	progress func(Progress)
	done     uint64
	total    uint64
}

// write turns the links of a checkpoint into copies and lists all files.
func (b *backup) write(s *Store) error {
	names, err := b.names()
	if err != nil {
		return err
	}
	list := fmt.Appendf(nil, "%s %s %s\n", backupMagic, s.incarnation, s.opts.Now().UTC().Format(time.RFC3339Nano))
	for _, name := range names {
		path := b.fs.PathJoin(b.dir, name)
		sum, size, err := b.copy(path, strings.HasSuffix(name, ".sst"))
		if err != nil {
			return err
		}
		list = fmt.Appendf(list, "%x %d %s\n", sum, size, name)
	}
	list = fmt.Appendf(list, "sum %x\n", sha256.Sum256(list))
	if err := syncDir(b.fs, b.dir); err != nil {
		return err
	}
	return writeDurably(b.fs, b.dir, backupName, list)
}

// names lists the files that a backup consists of, and adds up their sizes.
func (b *backup) names() ([]string, error) {
	names, err := b.fs.List(b.dir)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(n string) bool { return !isOurs(n) || n == ballastName })
	slices.Sort(names)
	for _, name := range names {
		info, err := b.fs.Stat(b.fs.PathJoin(b.dir, name))
		if err != nil {
			return nil, err
		}
		b.total += uint64(info.Size())
	}
	return names, nil
}

// copy returns the hash and the size of a file. With apart it puts a copy in its
// place, which no other folder has a link to.
func (b *backup) copy(path string, apart bool) (sum []byte, size int64, err error) {
	from, err := b.fs.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	hash := sha256.New()
	to := io.Writer(hash)
	if apart {
		f, err := b.fs.Create(path+".copy", vfs.WriteCategoryUnspecified)
		if err != nil {
			return nil, 0, err
		}
		to = io.MultiWriter(hash, f)
		defer func() {
			if err == nil {
				err = f.Sync()
			}
			if err = errors.Join(err, f.Close()); err == nil {
				err = b.fs.Rename(path+".copy", path)
			}
		}()
	}
	for buffer := make([]byte, 1<<20); ; {
		n, err := from.Read(buffer)
		size += int64(n)
		b.done += uint64(n)
		if _, err := to.Write(buffer[:n]); err != nil {
			return nil, size, err
		}
		if b.progress != nil {
			b.progress(Progress{b.stage, b.done, b.total})
		}
		if errors.Is(err, io.EOF) {
			return hash.Sum(nil), size, nil
		}
		if err == nil {
			err = b.stop()
		}
		if err != nil {
			return nil, size, err
		}
	}
}

// check compares the files of a backup with its list.
func (b *backup) check() error {
	content, err := readAll(b.fs, b.fs.PathJoin(b.dir, backupName))
	if err != nil {
		return err
	}
	list, ok := parseBackup(content)
	if !ok {
		return &CorruptError{What: "the list of the backup's files cannot be read"}
	}
	if _, err := b.names(); err != nil {
		return err
	}
	for _, file := range list {
		sum, size, err := b.copy(b.fs.PathJoin(b.dir, file.name), false)
		switch {
		case oserror.IsNotExist(err):
			return &CorruptError{What: "file " + file.name + " of the backup is missing"}
		case err != nil:
			return err
		case size != file.size || string(sum) != file.sum:
			return &CorruptError{What: "file " + file.name + " of the backup has changed"}
		}
	}
	return nil
}

type backupFile struct {
	name string
	size int64
	sum  string
}

// parseBackup reads the list of a backup. ok is false if it is not whole.
func parseBackup(content []byte) (files []backupFile, ok bool) {
	text, sum, found := strings.Cut(string(content), "\nsum ")
	text += "\n"
	if !found || !strings.HasPrefix(text, backupMagic+" ") || sum != fmt.Sprintf("%x\n", sha256.Sum256([]byte(text))) {
		return nil, false
	}
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n")[1:] {
		var file backupFile
		if n, err := fmt.Sscanf(line, "%s %d %s", &file.sum, &file.size, &file.name); n != 3 || err != nil {
			return nil, false
		}
		hash, err := hex.DecodeString(file.sum)
		if err != nil {
			return nil, false
		}
		file.sum = string(hash)
		files = append(files, file)
	}
	return files, true
}

// VerifyFolder checks a folder that nobody has open, and changes nothing in it:
// for a backup each file against the list that was made with it (stage "files"),
// then all that Open and [Store.Verify] check. opts must have the Index and
// Redacts with which the folder was written. It returns the position and the
// time of the last event. The errors are those of Open and Verify.
func VerifyFolder(ctx context.Context, dir string, opts Options, progress func(Progress)) (head uint64, last time.Time, err error) {
	s, err := openRead(ctx, dir, opts, progress)
	if err != nil {
		return 0, time.Time{}, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Verify(ctx, progress); err != nil {
		return 0, time.Time{}, err
	}
	if head = s.Durable(); head > 0 {
		r, err := s.ReadAt(ctx, head)
		if err != nil {
			return 0, time.Time{}, err
		}
		last = r.Recorded
	}
	return head, last, nil
}

// openRead opens a folder for reading, after a look at the files of a backup.
func openRead(ctx context.Context, dir string, opts Options, progress func(Progress)) (*Store, error) {
	opts.EnsureDefaults()
	opts.ReadOnly = true
	if has, err := hasFile(opts.FS, dir, backupName); err != nil {
		return nil, wrap("open "+dir, err)
	} else if has {
		b := backup{fs: opts.FS, dir: dir, stop: ctx.Err, stage: "files", progress: progress}
		if err := b.check(); err != nil {
			return nil, wrap("check backup "+dir, err)
		}
	}
	return Open(dir, opts)
}

// hasFile reports whether a folder has a file. A folder that does not exist has
// none.
func hasFile(fs vfs.FS, dir, name string) (bool, error) {
	_, err := fs.Stat(fs.PathJoin(dir, name))
	if oserror.IsNotExist(err) {
		return false, nil
	}
	return err == nil, err
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
