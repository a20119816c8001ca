package keyring

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// pool holds keys that are on disk and were given to nobody. It is not stored:
// what a former process had in its pool is never in this one's.
type pool struct {
	size   int
	low    chan struct{} // holds one token when half of it is used
	refill sync.Mutex    // held while keys are made

	mu   sync.Mutex
	keys []readyKey
}

type readyKey struct {
	id   string
	aead cipher.AEAD
}

func (p *pool) init(size int) { p.size, p.low = size, make(chan struct{}, 1) }

// take returns a key, and false where the pool is empty.
func (p *pool) take() (readyKey, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.keys) <= p.size/2 {
		select {
		case p.low <- struct{}{}:
		default:
		}
	}
	if len(p.keys) == 0 {
		return readyKey{}, false
	}
	last := len(p.keys) - 1
	key := p.keys[last]
	p.keys[last] = readyKey{}
	p.keys = p.keys[:last]
	return key, true
}

// NewKey returns the id of a content key that is on disk and was never returned
// before, by this process or a former one. It costs nothing while Run keeps up,
// and one write to the disk for many keys otherwise.
func (k *Keyring) NewKey() (keyID string, err error) {
	for {
		if key, ok := k.pool.take(); ok {
			k.cache.put(key.id, key.aead)
			return key.id, nil
		}
		if err := k.refill(true); err != nil {
			return "", err
		}
	}
}

// refill fills the pool; onlyEmpty leaves one alone that has a key again.
func (k *Keyring) refill(onlyEmpty bool) error {
	k.pool.refill.Lock()
	defer k.pool.refill.Unlock()
	k.pool.mu.Lock()
	have := len(k.pool.keys)
	k.pool.mu.Unlock()
	if have >= k.pool.size || onlyEmpty && have > 0 {
		return nil
	}
	made := make([]readyKey, 0, k.pool.size-have)
	err := k.write(func(batch *pebble.Batch) error {
		for range cap(made) {
			key, err := k.makeKey(batch)
			if err != nil {
				return err
			}
			made = append(made, key)
		}
		return nil
	})
	if err != nil {
		return err
	}
	k.pool.mu.Lock()
	k.pool.keys = append(k.pool.keys, made...)
	k.pool.mu.Unlock()
	return nil
}

func (k *Keyring) makeKey(batch *pebble.Batch) (readyKey, error) {
	secret := random()
	aead, err := newAEAD(secret)
	if err != nil {
		return readyKey{}, err
	}
	key := readyKey{id: rand.Text(), aead: aead}
	return key, k.set(batch, nameKey+key.id, secret)
}

// Has reports whether a key is there.
func (k *Keyring) Has(keyID string) (bool, error) {
	_, err := k.aead(keyID)
	if errors.Is(err, ErrKeyGone) {
		return false, nil
	}
	return err == nil, err
}

// Destroy removes keys for ever: once it has returned, nothing that they sealed
// can be opened, also not with what is left in the store's files. A key that is
// not there is no error. It rewrites a part of the store, which takes
// milliseconds; many keys at once cost hardly more than one. It waits for exports
// that are under way, which hold the keys that were there when they began.
func (k *Keyring) Destroy(keyIDs ...string) error {
	if len(keyIDs) == 0 {
		return nil
	}
	k.exports.Lock()
	defer k.exports.Unlock()
	err := k.write(func(batch *pebble.Batch) error {
		for _, id := range keyIDs {
			if err := batch.Delete([]byte(nameKey+id), nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	k.cache.drop(keyIDs)
	return k.compact(nameKey)
}

// compact has Pebble write what begins with a prefix anew, without what was
// deleted: a deletion alone leaves the deleted in the files.
func (k *Keyring) compact(prefix string) error {
	done, err := k.use()
	if err != nil {
		return err
	}
	defer done()
	end := []byte(prefix)
	end[len(end)-1]++
	err = k.db.Flush()
	if err == nil {
		err = k.db.Compact(context.Background(), []byte(prefix), end, false)
	}
	if err != nil {
		return below("", err)
	}
	return nil
}

// days remembers the key of the newest day that was asked for.
type days struct {
	mu   sync.Mutex
	date string
	id   string
}

// DayKey returns the id of the key for what belongs to nobody on the day of t,
// in UTC. It is made when it is asked for first.
func (k *Keyring) DayKey(t time.Time) (keyID string, err error) {
	date := t.UTC().Format(time.DateOnly)
	k.days.mu.Lock()
	defer k.days.mu.Unlock()
	if k.days.date == date {
		return k.days.id, nil
	}
	stored, ok, err := k.get(nameDay + date)
	if err != nil {
		return "", err
	}
	if ok {
		_, err := k.aead(string(stored))
		if err != nil && !errors.Is(err, ErrKeyGone) {
			return "", err
		}
		ok = err == nil
	}
	id := string(stored)
	if !ok {
		err := k.write(func(batch *pebble.Batch) error {
			key, err := k.makeKey(batch)
			id = key.id
			return errors.Join(err, k.set(batch, nameDay+date, []byte(key.id)))
		})
		if err != nil {
			return "", err
		}
	}
	k.days.date, k.days.id = date, id
	return id, nil
}

// DestroyDays destroys the keys of all days before that of t, in UTC, and
// returns how many there were.
func (k *Keyring) DestroyDays(t time.Time) (int, error) {
	before := t.UTC().Format(time.DateOnly)
	k.days.mu.Lock()
	defer k.days.mu.Unlock()
	names, err := k.names(nameDay, nameDay+before)
	if err != nil || len(names) == 0 {
		return 0, err
	}
	var ids []string
	for _, name := range names {
		id, ok, err := k.get(name)
		if err != nil {
			return 0, err
		}
		if ok {
			ids = append(ids, string(id))
		}
	}
	if err := k.Destroy(ids...); err != nil {
		return 0, err
	}
	k.days.date, k.days.id = "", ""
	return len(ids), k.write(func(batch *pebble.Batch) error {
		return batch.DeleteRange([]byte(nameDay), []byte(nameDay+before), nil)
	})
}

// names returns the stored names from one up to, and without, another.
func (k *Keyring) names(from, to string) (names []string, err error) {
	done, err := k.use()
	if err != nil {
		return nil, err
	}
	defer done()
	it, err := k.db.NewIter(&pebble.IterOptions{LowerBound: []byte(from), UpperBound: []byte(to)})
	if err != nil {
		return nil, below("", err)
	}
	for ok := it.First(); ok; ok = it.Next() {
		names = append(names, string(it.Key()))
	}
	return names, errors.Join(it.Error(), it.Close())
}
