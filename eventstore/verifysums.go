package eventstore

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

// sums compare the keys that lead to records by stream, sequence, event id and
// dedup key with the records, without a look at the key for each record, which
// costs most of the time: they are the same if both have as many, with the same
// sums of their hashes, and if the keys are in order. The hashes have seeds of
// this run, so no accident makes two different sums equal.
type sums struct {
	seeds   [2]maphash.Seed
	buffer  []byte
	records sum // what the records say
	keys    sum // what is stored

	// gap is set when a version or a sequence is missing before a stored one.
	gap      bool
	prefix   []byte // of the key before, without its number
	number   uint64
	position uint64
}

type sum struct {
	count  uint64
	hashes [2]uint64
}

func newSums() *sums { return &sums{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}} }

func (s *sums) agree() bool { return s.records == s.keys && !s.gap }

func (to *sum) add(s *sums, key []byte, position uint64, rest []byte) {
	s.buffer = binary.BigEndian.AppendUint32(s.buffer[:0], uint32(len(key)))
	s.buffer = binary.BigEndian.AppendUint64(append(s.buffer, key...), position)
	s.buffer = append(s.buffer, rest...)
	to.count++
	for i, seed := range s.seeds {
		to.hashes[i] += maphash.Bytes(seed, s.buffer)
	}
}

// key adds a stored key. Keys come in order.
func (s *sums) key(key []byte, table byte, value []byte) error {
	position, rest, err := openPlaced(key, value)
	if err != nil {
		return err
	}
	s.keys.add(s, key, position, rest)
	if table != tableStream && table != tableSequence {
		return nil
	}
	prefix, number := key[:len(key)-8], binary.BigEndian.Uint64(key[len(key)-8:])
	if !bytes.Equal(prefix, s.prefix) {
		s.prefix, s.number, s.position = append(s.prefix[:0], prefix...), 0, 0
	}
	if number != s.number+1 || position <= s.position {
		s.gap = true
	}
	s.number, s.position = number, position
	return nil
}
