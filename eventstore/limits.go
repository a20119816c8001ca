package eventstore

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// What a commit may hold. The lengths are in bytes.
const (
	MaxName       = 256      // account, category, stream id, event id, index name
	MaxText       = 1024     // type, causation, correlation, actor, key id
	MaxDedupKey   = 1024     // a dedup key
	MaxDedupHash  = 64       // the hash of a dedup key
	MaxDedupKeys  = 256      // dedup keys of one event
	MaxIndexKey   = 4096     // a key of a caller's index
	MaxIndexValue = 64 << 10 // a value of a caller's index
	MaxRedacts    = 4096     // event ids that one event declares redacted
	MaxBody       = 16 << 20 // facts and sealed part of one event
	MaxCommit     = 64 << 20 // facts and sealed parts of one commit

	minYear = 1
	maxYear = 9999
)

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalidEvent, fmt.Sprintf(format, args...))
}

// checkCommit looks at everything in a commit that can be judged without the
// log.
func checkCommit(c *Commit) error {
	for i := range c.Expected {
		if err := checkStream(c.Expected[i].Stream); err != nil {
			return err
		}
	}
	type name struct{ account, name string }
	ids := make(map[name]bool, len(c.Events))
	var keys map[name]bool
	total := 0
	for i := range c.Events {
		e := &c.Events[i]
		if err := checkEvent(e); err != nil {
			return fmt.Errorf("%w (event %d of the commit)", err, i)
		}
		if n := (name{e.Stream.Account, e.ID}); ids[n] {
			return invalid("event id %q twice in one commit", e.ID)
		} else {
			ids[n] = true
		}
		for _, d := range e.Dedup {
			if keys == nil {
				keys = make(map[name]bool)
			}
			if n := (name{e.Stream.Account, d.Key}); keys[n] {
				return invalid("dedup key %q twice in one commit", d.Key)
			} else {
				keys[n] = true
			}
		}
		if total += len(e.Facts) + len(e.Sealed); total > MaxCommit {
			return invalid("more than %d bytes in one commit", MaxCommit)
		}
	}
	return nil
}

func checkStream(s Stream) error {
	if strings.Contains(s.Category, "-") {
		return invalid("hyphen in category %q", s.Category)
	}
	if err := checkText("account", s.Account, 1, MaxName); err != nil {
		return err
	}
	if err := checkText("category", s.Category, 1, MaxName); err != nil {
		return err
	}
	return checkText("stream id", s.ID, 1, MaxName)
}

func checkEvent(e *Event) error {
	if err := checkStream(e.Stream); err != nil {
		return err
	}
	if err := checkText("event id", e.ID, 1, MaxName); err != nil {
		return err
	}
	if err := checkText("type", e.Type, 1, MaxText); err != nil {
		return err
	}
	if err := checkText("causation", e.Causation, 0, MaxText); err != nil {
		return err
	}
	if err := checkText("correlation", e.Correlation, 0, MaxText); err != nil {
		return err
	}
	if err := checkText("actor", e.Actor, 0, MaxText); err != nil {
		return err
	}
	if err := checkText("key id", e.KeyID, 0, MaxText); err != nil {
		return err
	}
	if len(e.Dedup) > MaxDedupKeys {
		return invalid("more than %d dedup keys", MaxDedupKeys)
	}
	for _, d := range e.Dedup {
		if err := checkText("dedup key", d.Key, 1, MaxDedupKey); err != nil {
			return err
		}
		if len(d.Hash) > MaxDedupHash {
			return invalid("hash of dedup key %q of more than %d bytes", d.Key, MaxDedupHash)
		}
	}
	if len(e.Facts)+len(e.Sealed) > MaxBody {
		return invalid("more than %d bytes of facts and sealed part", MaxBody)
	}
	for _, t := range []time.Time{e.Received, e.Provider} {
		if t = t.UTC(); t.Year() < minYear || t.Year() > maxYear {
			return invalid("time %v out of range", t)
		}
	}
	return nil
}

func checkText(what, s string, shortest, longest int) error {
	switch {
	case len(s) < shortest:
		return invalid("no %s", what)
	case len(s) > longest:
		return invalid("%s of more than %d bytes", what, longest)
	case !utf8.ValidString(s):
		return invalid("%s is not UTF-8", what)
	}
	return nil
}

func checkIndexKey(k IndexKey) error {
	if err := checkText("account of an index", k.Account, 1, MaxName); err != nil {
		return err
	}
	if err := checkText("name of an index", k.Index, 1, MaxName); err != nil {
		return err
	}
	if len(k.Key) > MaxIndexKey {
		return invalid("key of index %q of more than %d bytes", k.Index, MaxIndexKey)
	}
	return nil
}

func checkIndexChange(c IndexChange) error {
	for _, k := range c.Delete {
		if err := checkIndexKey(k); err != nil {
			return err
		}
	}
	for _, e := range c.Put {
		if err := checkIndexKey(e.IndexKey); err != nil {
			return err
		}
		if len(e.Value) > MaxIndexValue {
			return invalid("value of index %q of more than %d bytes", e.Index, MaxIndexValue)
		}
	}
	return nil
}

func checkRedacts(ids []string) error {
	if len(ids) > MaxRedacts {
		return invalid("more than %d event ids declared redacted", MaxRedacts)
	}
	for _, id := range ids {
		if err := checkText("event id declared redacted", id, 1, MaxName); err != nil {
			return err
		}
	}
	return nil
}

// sealedHash is the hash of a sealed part, all zero for none.
func sealedHash(sealed []byte) [32]byte {
	if len(sealed) == 0 {
		return [32]byte{}
	}
	return sha256.Sum256(sealed)
}
