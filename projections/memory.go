package projections

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
)

// Memory is [Rows] in memory. The zero value holds none and is ready for use.
type Memory struct{ rows map[string]proto.Message }

// Get returns the row itself, not a copy.
func (m *Memory) Get(k []byte, _ func() proto.Message) proto.Message { return m.rows[string(k)] }

// Put keeps the row itself, not a copy.
func (m *Memory) Put(k []byte, row proto.Message) {
	if m.rows == nil {
		m.rows = make(map[string]proto.Message)
	}
	m.rows[string(k)] = row
}

// Delete removes a row.
func (m *Memory) Delete(k []byte) { delete(m.rows, string(k)) }

// Forget does nothing: what is not referred to is gone.
func (m *Memory) Forget([]byte) {}

// All returns the rows in the order of their keys.
func (m *Memory) All() iter.Seq2[[]byte, proto.Message] {
	return func(yield func([]byte, proto.Message) bool) {
		for _, k := range slices.Sorted(maps.Keys(m.rows)) {
			if !yield([]byte(k), m.rows[k]) {
				return
			}
		}
	}
}

// load copies the row at a key into row, and reports whether there is one.
func (m *Memory) load(k []byte, row proto.Message) (bool, error) {
	found, ok := m.rows[string(k)]
	if ok {
		proto.Merge(row, found)
	}
	return ok, nil
}

// scan calls f with the keys from one to another, in order or against it, until
// f returns false.
func (m *Memory) scan(from, to []byte, backward bool, f func(k []byte, load func(proto.Message) error) (bool, error)) error {
	var keys []string
	for k := range m.rows {
		if k >= string(from) && k < string(to) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b string) int {
		if backward {
			a, b = b, a
		}
		return strings.Compare(a, b)
	})
	for _, k := range keys {
		more, err := f([]byte(k), func(row proto.Message) error {
			_, err := m.load([]byte(k), row)
			return err
		})
		if err != nil || !more {
			return err
		}
	}
	return nil
}
