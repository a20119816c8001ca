package eventstore

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"github.com/cockroachdb/pebble/v2"
)

// Every stored value ends in the CRC-32C of its key and what comes before, so
// that a changed bit, and a value under another key, is found when it is read,
// whatever happened below.
const checksumSize = 4

func checksum(key, payload []byte) uint32 {
	// MakeTable returns the one table of this polynomial after its first call.
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Update(0, table, key), table, payload)
}

// appendChecksum appends the checksum of key and of value from start on.
func appendChecksum(value []byte, start int, key []byte) []byte {
	return binary.BigEndian.AppendUint32(value, checksum(key, value[start:]))
}

// openValue returns what was stored without its checksum. The result aliases
// value.
func openValue(key, value []byte) ([]byte, error) {
	n := len(value) - checksumSize
	if n < 0 || checksum(key, value[:n]) != binary.BigEndian.Uint32(value[n:]) {
		return nil, &CorruptError{What: "the checksum of a value is wrong", Key: append([]byte(nil), key...)}
	}
	return value[:n], nil
}

// openPlaced is openValue for values that begin with a position.
func openPlaced(key, value []byte) (position uint64, rest []byte, err error) {
	value, err = openValue(key, value)
	if err != nil {
		return 0, nil, err
	}
	if len(value) < 8 {
		return 0, nil, &CorruptError{What: "a value is too short", Key: append([]byte(nil), key...)}
	}
	return binary.BigEndian.Uint64(value), value[8:], nil
}

// get returns a copy of the value at key, and whether there is one.
func get(r pebble.Reader, key []byte) ([]byte, bool, error) {
	value, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	payload, err := openValue(key, value)
	payload = append([]byte(nil), payload...)
	if e := closer.Close(); err == nil {
		err = e
	}
	return payload, err == nil, err
}

// getPlaced is get for values that begin with a position.
func getPlaced(r pebble.Reader, key []byte) (position uint64, rest []byte, ok bool, err error) {
	value, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, nil, false, nil
	}
	if err != nil {
		return 0, nil, false, err
	}
	position, rest, err = openPlaced(key, value)
	if len(rest) != 0 {
		rest = append([]byte(nil), rest...)
	} else {
		rest = nil
	}
	if e := closer.Close(); err == nil {
		err = e
	}
	return position, rest, err == nil, err
}
