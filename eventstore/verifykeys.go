package eventstore

import (
	"bytes"
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"
)

// allKeys walks all keys but the log's. If there are as many as were found to
// belong to a record, there is none that does not; if not, it looks at each.
func (c *verifier) allKeys() error {
	n, err := c.walk(false)
	if err == nil && n != c.keys {
		_, err = c.walk(true)
	}
	if err == nil {
		if c.sums != nil {
			n += c.sums.keys.count
		}
		c.progress(Progress{"keys", n, n})
	}
	return err
}

func (c *verifier) walk(deep bool) (n uint64, err error) {
	for _, r := range [][2]byte{{0, tableLog}, {tableLog + 1, 0xff}} {
		it, err := c.db.NewIter(&pebble.IterOptions{LowerBound: []byte{r[0]}, UpperBound: []byte{r[1]}})
		if err != nil {
			return n, err
		}
		for ok := it.First(); ok; ok = it.Next() {
			if err = c.key(it, deep, &n); err != nil {
				break
			}
		}
		if err = errors.Join(err, it.Close()); err != nil {
			return n, err
		}
	}
	return n, nil
}

// key looks at one key that is not one of the log.
func (c *verifier) key(it *pebble.Iterator, deep bool, n *uint64) error {
	value, err := it.ValueAndErr()
	if err != nil {
		return err
	}
	parts, parsed := parseKey(it.Key())
	switch {
	case !parsed:
		// It is counted, so that the deep walk comes and says so once.
		*n++
		if deep {
			return c.damage(&CorruptError{What: "not a key of this store", Key: it.Key()})
		}
		return nil
	case parts.table == tableMeta:
		if !deep {
			_, err = openValue(it.Key(), value)
		}
		return c.found(err)
	case parts.table == tablePending:
		if !deep {
			err = c.pending(it.Key(), parts.number, value)
		}
		return c.found(err)
	case c.sums != nil && parts.table >= tableStream && parts.table <= tableDedup:
		if deep {
			return nil
		}
		if c.sums.keys.count%progressEvery == 0 {
			if err := c.stop(); err != nil {
				return err
			}
			c.progress(Progress{"keys", c.sums.keys.count, c.sums.records.count})
		}
		return c.found(c.sums.key(it.Key(), parts.table, value))
	}
	if *n++; deep {
		err = c.belongs(it.Key(), parts, value)
	}
	if *n%progressEvery == 0 {
		if err := c.stop(); err != nil {
			return err
		}
		c.progress(Progress{"keys", *n, max(*n, c.keys)})
	}
	return c.found(err)
}

// belongs checks that a stored key belongs to the record that it leads to. It
// reads that record, so Verify finds keys that no record has.
func (c *verifier) belongs(key []byte, parts keyParts, value []byte) error {
	position, rest, err := openPlaced(key, value)
	if err != nil {
		return err
	}
	no := func(what string) error {
		return &CorruptError{What: what, Position: position, Key: bytes.Clone(key)}
	}
	if position == 0 && parts.table == tableRedaction && c.restored > 0 {
		return nil // declared by a record behind the end of the restore
	}
	if position == 0 || position > c.view.position {
		return no("a key leads to no position of the log")
	}
	r, err := c.cached(position)
	if err != nil {
		return err
	}
	if c.derives(r, key, parts, rest) {
		return nil
	}
	return no("a key leads to a record that it does not belong to")
}

// cached is readRecord with a memory of one record.
func (c *verifier) cached(position uint64) (*Record, error) {
	if c.last != nil && c.last.Position == position {
		return c.last, nil
	}
	r, err := readRecord(c.db, position)
	if err == nil {
		c.last = r
	}
	return r, err
}

// derives reports whether r has the key with this value behind its position.
func (c *verifier) derives(r *Record, key []byte, parts keyParts, rest []byte) bool {
	if parts.table != tableIndex && parts.texts[0] != r.Stream.Account {
		return false
	}
	switch parts.table {
	case tableStream:
		return Stream{parts.texts[0], parts.texts[1], parts.texts[2]} == r.Stream && parts.number == r.Version
	case tableSequence:
		return parts.number == r.AccountSequence
	case tableEvent:
		return string(parts.rest) == r.ID
	case tableDedup:
		return slices.ContainsFunc(r.Dedup, func(d DedupKey) bool {
			return d.Key == string(parts.rest) && bytes.Equal(d.Hash, rest)
		})
	case tableRedaction:
		return slices.Contains(c.redacts(r), string(parts.rest))
	case tableIndex:
		put := indexOps(c.index(r))[string(key)]
		return put != nil && bytes.Equal(put.Value, rest)
	}
	return false
}
