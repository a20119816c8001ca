package keyring

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/cockroachdb/pebble/v2"
)

// An export is its first line; the entries in the order of their names, each the
// length of the name, the name, the length of the value and the value; a length
// of 0, which no name has; and the SHA-256 of all that. Lengths are uvarints, and
// values are as they are stored, encrypted under the master key.
const exportHead = "weiche keyring 1\n"

// maxEntry is how long a name or a value can be: the ledger's entry of a customer
// with very many addresses is the longest.
const maxEntry = 64 << 20

// Export writes all entries of the keyring as they are at one moment, still
// encrypted under the master key, which is not among them. What is stored
// meanwhile may be left out. Keys are destroyed only after exports that are under
// way, so a slow writer holds that up. The error is the writer's or the store's;
// what was written by then is no export.
func (k *Keyring) Export(w io.Writer) error {
	done, err := k.use()
	if err != nil {
		return err
	}
	defer done()
	k.exports.RLock()
	defer k.exports.RUnlock()
	it, err := k.db.NewIter(nil)
	if err != nil {
		return below("export: ", err)
	}
	out := bufio.NewWriter(w)
	err = errors.Join(writeExport(out, it), it.Close())
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return below("export: ", err)
	}
	return nil
}

func writeExport(w io.Writer, it *pebble.Iterator) error {
	sum := sha256.New()
	both := io.MultiWriter(w, sum)
	if _, err := io.WriteString(both, exportHead); err != nil {
		return err
	}
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return err
		}
		if _, err := both.Write(appendParts(nil, string(it.Key()), string(value))); err != nil {
			return err
		}
	}
	if err := it.Error(); err != nil {
		return err
	}
	if _, err := both.Write([]byte{0}); err != nil {
		return err
	}
	_, err := w.Write(sum.Sum(nil))
	return err
}

// Import makes a keyring in dir from an export, and returns when it is durable.
// The folder may hold the file master.key and nothing else, else the error is
// ErrNotEmpty. The master key has to be there, or in Options.MasterKeyFile, and
// has to be that of the keyring which was exported: none is made, and one that
// does not fit is ErrMasterKey. ErrBadExport is returned for what is not a whole
// export. After an error, and a crash, the folder holds no store.
func Import(r io.Reader, dir string, options Options) error {
	options.ensureDefaults()
	fs := options.FS
	store, draft := fs.PathJoin(dir, "store"), fs.PathJoin(dir, "store.new")
	if err := options.importable(dir, store, draft); err != nil {
		return err
	}
	path, _ := options.masterKey(dir)
	key, err := readMaster(fs, path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %s is missing, and nothing that is imported can be read without it", ErrMasterKey, path)
	}
	if err != nil {
		return fmt.Errorf("keyring: import: %w", err)
	}
	k := &Keyring{}
	if k.master, err = newAEAD(key); err != nil {
		return err
	}
	if err := makeFolder(fs, dir); err != nil {
		return fmt.Errorf("keyring: import: %w", err)
	}
	if k.db, err = pebble.Open(draft, options.pebble()); err != nil {
		return fmt.Errorf("keyring: import: %w", err)
	}
	err = k.importFrom(r)
	if err = errors.Join(err, k.db.Close()); err == nil {
		if err = fs.Rename(draft, store); err == nil {
			err = syncFolder(fs, dir)
		}
	}
	if err != nil {
		err = errors.Join(err, fs.RemoveAll(draft))
	}
	return err
}

// importable checks that the folder holds nothing that an import would write
// over, and removes what one left that did not end.
func (o *Options) importable(dir, store, draft string) error {
	if err := o.FS.RemoveAll(draft); err != nil {
		return fmt.Errorf("keyring: import: %w", err)
	}
	names, err := o.FS.List(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("keyring: import: %w", err)
	}
	for _, name := range names {
		if name != fileMaster {
			return fmt.Errorf("%w: %s holds %s", ErrNotEmpty, dir, name)
		}
	}
	return nil
}

// importFrom reads an export into an empty store. Nothing of it counts before its
// end was checked.
func (k *Keyring) importFrom(r io.Reader) error {
	in := &exportReader{r: bufio.NewReader(r), sum: sha256.New()}
	batch := k.db.NewBatch()
	defer func() { batch.Close() }()
	err := in.each(func(name, value []byte) error {
		if err := batch.Set(name, value, nil); err != nil {
			return fmt.Errorf("keyring: import: %w", err)
		}
		if batch.Len() <= importBatch {
			return nil
		}
		if err := batch.Commit(pebble.NoSync); err != nil {
			return fmt.Errorf("keyring: import: %w", err)
		}
		batch.Close()
		batch = k.db.NewBatch()
		return nil
	})
	if err != nil {
		return err
	}
	if err := batch.Commit(pebble.Sync); err != nil {
		return fmt.Errorf("keyring: import: %w", err)
	}
	_, ok, err := k.get(namePepper)
	if err == nil && !ok {
		err = in.bad("it has no pepper")
	}
	return err
}

// importBatch is how many bytes are written at once.
const importBatch = 1 << 20

// exportReader reads an export and hashes what it read.
type exportReader struct {
	r   *bufio.Reader
	sum hash.Hash
	err error // of what is read from, but for its end
}

func (e *exportReader) Read(b []byte) (int, error) {
	n, err := e.r.Read(b)
	e.sum.Write(b[:n])
	return n, e.failed(err)
}

func (e *exportReader) ReadByte() (byte, error) {
	b, err := e.r.ReadByte()
	if err == nil {
		e.sum.Write([]byte{b})
	}
	return b, e.failed(err)
}

func (e *exportReader) failed(err error) error {
	if err != nil && !errors.Is(err, io.EOF) {
		e.err = err
	}
	return err
}

// each calls f for each entry, and returns nil once the whole export was read and
// is as it was written.
func (e *exportReader) each(f func(name, value []byte) error) error {
	head := make([]byte, len(exportHead))
	if _, err := io.ReadFull(e, head); err != nil || string(head) != exportHead {
		return e.bad("it does not begin like one")
	}
	for last := ""; ; {
		name, err := e.part()
		if err != nil {
			return err
		}
		if len(name) == 0 {
			break
		}
		value, err := e.part()
		if err != nil {
			return err
		}
		if string(name) <= last {
			return e.bad("its entries are not in order")
		}
		last = string(name)
		if err := f(name, value); err != nil {
			return err
		}
	}
	want := e.sum.Sum(nil)
	sum := make([]byte, len(want))
	if _, err := io.ReadFull(e, sum); err != nil || !bytes.Equal(sum, want) {
		return e.bad("its hash is not that of its entries")
	}
	if _, err := e.ReadByte(); err == nil {
		return e.bad("something follows it")
	}
	return nil
}

// part reads bytes that have their length before them.
func (e *exportReader) part() ([]byte, error) {
	size, err := binary.ReadUvarint(e)
	if err != nil || size > maxEntry {
		return nil, e.bad("it is cut off")
	}
	var part bytes.Buffer // grows with what is there, not with what is claimed
	if _, err := io.CopyN(&part, e, int64(size)); err != nil {
		return nil, e.bad("it is cut off")
	}
	return part.Bytes(), nil
}

// bad says what is wrong with the export, or why it could not be read.
func (e *exportReader) bad(what string) error {
	if e.err != nil {
		return fmt.Errorf("keyring: import: %w", e.err)
	}
	return fmt.Errorf("%w: %s", ErrBadExport, what)
}
