package keyring

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// The names of what is stored. A value is encrypted under the master key with
// its name as additional data, so that none can take another's place.
const (
	// namePepper is the pepper, 32 bytes.
	namePepper = "pepper"
	// nameKey + <key id> is a content key, 32 bytes.
	nameKey = "key/"
	// nameDay + <date> is the id of that day's key.
	nameDay = "day/"
	// nameSecret + <account, owner, field>, each with its length before it, is a
	// list of secrets in the same form.
	nameSecret = "secret/"
	// nameErased + <account, customer>, in that form too, is an entry of the
	// erasure ledger.
	nameErased = "erased/"
)

// get returns the value of a name, and false where there is none.
func (k *Keyring) get(name string) ([]byte, bool, error) {
	done, err := k.use()
	if err != nil {
		return nil, false, err
	}
	defer done()
	stored, closer, err := k.db.Get([]byte(name))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, below("", err)
	}
	defer closer.Close()
	value, err := k.master.Open(nil, nil, stored, []byte(name))
	if err != nil {
		if name == namePepper {
			return nil, false, fmt.Errorf("%w: it is not the one that this keyring was made with", ErrMasterKey)
		}
		return nil, false, fmt.Errorf("%w: the master key does not open an entry below %q", ErrCorrupt, kindOf(name))
	}
	return value, true, nil
}

// put stores values of names, all or none, and returns once they are durable.
func (k *Keyring) put(name string, value []byte) error {
	return k.write(func(batch *pebble.Batch) error { return k.set(batch, name, value) })
}

func (k *Keyring) set(batch *pebble.Batch, name string, value []byte) error {
	return batch.Set([]byte(name), k.master.Seal(nil, nil, value, []byte(name)), nil)
}

// write makes a batch durable.
func (k *Keyring) write(fill func(*pebble.Batch) error) error {
	done, err := k.use()
	if err != nil {
		return err
	}
	defer done()
	batch := k.db.NewBatch()
	defer batch.Close()
	if err := fill(batch); err != nil {
		return below("", err)
	}
	if err := batch.Commit(pebble.Sync); err != nil {
		return below("", err)
	}
	return nil
}

func (k *Keyring) isEmpty() (bool, error) {
	it, err := k.db.NewIter(nil)
	if err != nil {
		return false, below("", err)
	}
	empty := !it.First()
	return empty, errors.Join(it.Error(), it.Close())
}

// kindOf is the part of a name that says nothing about anybody.
func kindOf(name string) string {
	for _, kind := range []string{nameKey, nameDay, nameSecret, nameErased} {
		if len(name) >= len(kind) && name[:len(kind)] == kind {
			return kind
		}
	}
	return name
}

// appendParts appends parts with their lengths before them, so that no two
// lists make the same bytes.
func appendParts(b []byte, parts ...string) []byte {
	for _, part := range parts {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	return b
}

// splitParts is the inverse of appendParts.
func splitParts(b []byte) ([]string, bool) {
	var parts []string
	for len(b) > 0 {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return nil, false
		}
		parts = append(parts, string(b[n:n+int(size)]))
		b = b[n+int(size):]
	}
	return parts, true
}
