package projections

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"google.golang.org/protobuf/proto"
)

// cache is the [Rows] of one projection over Pebble. It holds rows decoded, so
// that a row which changes often is decoded once and encoded once for a batch:
// at least size of those used last, and at most twice as many. It is not safe
// for concurrent use, and relies on nobody else writing below its prefix.
type cache struct {
	db     pebble.Reader
	prefix []byte
	size   int

	young, old map[string]*cached
	dirty      []*cached
	forgotten  [][]byte // full keys
	key        []byte
	err        error // the first; the cache is of no use after it
}

type cached struct {
	key   string
	row   proto.Message // nil for none
	dirty bool
}

func newCache(db pebble.Reader, prefix []byte, size int) *cache {
	return &cache{db: db, prefix: prefix, size: size, young: make(map[string]*cached)}
}

func (c *cache) Get(k []byte, empty func() proto.Message) proto.Message {
	if entry := c.lookup(k); entry != nil {
		return entry.row
	}
	entry := &cached{key: string(k), row: c.load(k, empty)}
	c.young[entry.key] = entry
	return entry.row
}

func (c *cache) Put(k []byte, row proto.Message) { c.set(k, row) }

func (c *cache) Delete(k []byte) { c.set(k, nil) }

func (c *cache) Forget(k []byte) {
	c.forgotten = append(c.forgotten, append(c.prefix[:len(c.prefix):len(c.prefix)], k...))
}

func (c *cache) set(k []byte, row proto.Message) {
	entry := c.lookup(k)
	if entry == nil {
		entry = &cached{key: string(k)}
		c.young[entry.key] = entry
	}
	entry.row = row
	if !entry.dirty {
		entry.dirty = true
		c.dirty = append(c.dirty, entry)
	}
}

func (c *cache) lookup(k []byte) *cached {
	if entry, ok := c.young[string(k)]; ok {
		return entry
	}
	entry, ok := c.old[string(k)]
	if ok {
		c.young[entry.key] = entry
	}
	return entry
}

func (c *cache) load(k []byte, empty func() proto.Message) proto.Message {
	if c.err != nil {
		return nil
	}
	c.key = append(append(c.key[:0], c.prefix...), k...)
	row := empty()
	ok, err := readRow(c.db, c.key, row)
	if err != nil {
		c.err = err
	}
	if !ok {
		return nil
	}
	return row
}

// flush writes what changed since the last flush to a batch.
func (c *cache) flush(batch *pebble.Batch) error {
	for _, entry := range c.dirty {
		if c.err == nil {
			c.err = c.write(batch, entry)
		}
		entry.dirty = false
	}
	c.dirty = c.dirty[:0]
	for _, k := range c.forgotten {
		if c.err == nil {
			c.err = batch.Set(forgottenKey(k), []byte(forgottenRow), nil)
		}
	}
	c.forgotten = nil
	if len(c.young) >= c.size {
		c.young, c.old = make(map[string]*cached, c.size), c.young
	}
	return c.err
}

func (c *cache) write(batch *pebble.Batch, entry *cached) error {
	if entry.row == nil {
		return batch.Delete(append(c.prefix[:len(c.prefix):len(c.prefix)], entry.key...), nil)
	}
	// The row is encoded where it will lie in the batch.
	options := proto.MarshalOptions{Deterministic: true}
	size := options.Size(entry.row)
	op := batch.SetDeferred(len(c.prefix)+len(entry.key), size)
	copy(op.Key[copy(op.Key, c.prefix):], entry.key)
	options.UseCachedSize = true
	value, err := options.MarshalAppend(op.Value[:0], entry.row)
	if err != nil {
		return err
	}
	if len(value) != size {
		return fmt.Errorf("a row of %d bytes was encoded to %d", size, len(value))
	}
	return op.Finish()
}

// readRow reads a row, and reports whether there is one.
func readRow(db pebble.Reader, k []byte, into proto.Message) (bool, error) {
	value, closer, err := db.Get(k)
	if errors.Is(err, pebble.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = decodeRow(k, value, into)
	if e := closer.Close(); err == nil {
		err = e
	}
	return err == nil, err
}

func decodeRow(k, value []byte, into proto.Message) error {
	if err := proto.Unmarshal(value, into); err != nil {
		return damagedRow{fmt.Errorf("%w: %s: %w", ErrCorrupt, describeKey(k), err)}
	}
	return nil
}
