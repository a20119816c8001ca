package eventstore

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// An inventory lists the table files that Pebble uses, with their sizes, and how
// Pebble's manifest begins. Like a mark it is kept outside of Pebble, in two
// files that are written in turn. Pebble takes a manifest that is damaged in the
// middle for one that ends there, and opens without the tables that it named
// later; the inventory tells.
//
// It is written with a mark, if anything has changed, and before a file is
// removed that the last one names. So what the last inventory names is there,
// whenever the power goes.
type inventory struct {
	// number counts the inventories of one folder.
	number      uint64
	incarnation string
	manifest    string // the name of the file
	length      int64  // of the part of the manifest that is known
	sum         uint32 // its CRC-32C
	tables      map[string]int64
}

const inventoryMagic = "weiche-tables 1"

func inventoryName(i int) string { return fmt.Sprintf("TABLES-%d", i) }

// encode returns lines of text, the last of which has the checksum of the
// others.
func (v *inventory) encode() []byte {
	b := fmt.Appendf(nil, "%s %d %s %s %d %08x\n", inventoryMagic, v.number, v.incarnation, v.manifest, v.length, v.sum)
	for _, name := range slices.Sorted(maps.Keys(v.tables)) {
		b = fmt.Appendf(b, "%s %d\n", name, v.tables[name])
	}
	return fmt.Appendf(b, "sum %08x\n", crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

// decodeInventory is the inverse of encode. ok is false for anything else.
func decodeInventory(b []byte) (v *inventory, ok bool) {
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	if len(lines) < 2 {
		return nil, false
	}
	v = &inventory{tables: make(map[string]int64)}
	var word, version string
	if n, err := fmt.Sscanf(lines[0], "%s %s %d %s %s %d %x", &word, &version, &v.number, &v.incarnation, &v.manifest, &v.length, &v.sum); n != 7 || err != nil {
		return nil, false
	}
	for _, line := range lines[1 : len(lines)-1] {
		var name string
		var size int64
		if n, err := fmt.Sscanf(line, "%s %d", &name, &size); n != 2 || err != nil {
			return nil, false
		}
		v.tables[name] = size
	}
	return v, bytes.Equal(v.encode(), b)
}

// readInventory returns the newest inventory that is whole, nil if there is
// none, and where it is. found is how many files there are, whole or not.
func readInventory(fs vfs.FS, dir string) (newest *inventory, at, found int, err error) {
	for i := range 2 {
		b, err := readAll(fs, fs.PathJoin(dir, inventoryName(i)))
		if oserror.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, 0, 0, err
		}
		found++
		if v, ok := decodeInventory(b); ok && (newest == nil || v.number > newest.number) {
			newest, at = v, i
		}
	}
	return newest, at, found, nil
}

func readAll(fs vfs.FS, path string) ([]byte, error) {
	f, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(f)
	return b, errors.Join(err, f.Close())
}

// check compares the inventory with the folder, which Pebble has not opened
// yet. It costs a look at each name and the reading of the manifest.
func (v *inventory) check(fs vfs.FS, dir, manifest string) error {
	if manifest < v.manifest && len(manifest) <= len(v.manifest) {
		return &CorruptError{kind: DamageTables, What: fmt.Sprintf("the folder has gone back to %s and had %s", manifest, v.manifest)}
	}
	for _, name := range slices.Sorted(maps.Keys(v.tables)) {
		info, err := fs.Stat(fs.PathJoin(dir, name))
		switch {
		case oserror.IsNotExist(err):
			return &CorruptError{kind: DamageTables, What: "table file " + name + " is missing"}
		case err != nil:
			return err
		case info.Size() != v.tables[name]:
			return &CorruptError{kind: DamageTables, What: fmt.Sprintf("table file %s has %d bytes and had %d", name, info.Size(), v.tables[name])}
		}
	}
	sum, err := sumManifest(fs, fs.PathJoin(dir, v.manifest), v.length, false)
	switch {
	case oserror.IsNotExist(err):
		return &CorruptError{kind: DamageTables, What: v.manifest + " is missing"}
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &CorruptError{kind: DamageTables, What: fmt.Sprintf("%s is shorter than the %d bytes that it had", v.manifest, v.length)}
	case err != nil:
		return err
	case sum != v.sum:
		return &CorruptError{kind: DamageTables, What: v.manifest + " has changed"}
	}
	return nil
}

// sumManifest returns the checksum of the first bytes of a manifest. With sync
// they are on disk when it returns.
func sumManifest(fs vfs.FS, path string, length int64, sync bool) (sum uint32, err error) {
	f, err := fs.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	hash := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	if _, err := io.CopyN(hash, f, length); err != nil {
		return 0, err
	}
	if sync {
		if err := f.Sync(); err != nil {
			return 0, err
		}
	}
	return hash.Sum32(), nil
}
