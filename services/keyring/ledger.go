package keyring

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// Erasure is an entry of the erasure ledger: a customer who is to be erased, or
// was. It is written before anything of the customer goes and stays for good, so
// that an erasure which was interrupted is carried out, and one that a restore
// has undone is carried out again.
type Erasure struct {
	Account, Customer string
	// At is when it was asked for first.
	At time.Time
	// Keys are the keys of the customer's content.
	Keys []string
	// Aliases are the addresses that led to the customer, for 30 days.
	Aliases []ErasedAlias
	// Done says that the events of the erasure are in the log and the keys are
	// destroyed.
	Done bool
}

// ErasedAlias is an address of somebody who was erased.
type ErasedAlias struct {
	Integration string
	// Hash is its AliasHash.
	Hash []byte
}

// ledger is what of the erasure ledger is asked for all the time.
type ledger struct {
	writing sync.Mutex // held from the reading of an entry until it is written again

	mu sync.RWMutex
	// aliases leads from account and hash to the newest erasure.
	aliases map[string]time.Time
	// pending are the names of entries that are not done.
	pending map[string]bool
}

// loadLedger reads the ledger anew.
func (k *Keyring) loadLedger() error {
	entries, err := k.Erasures()
	if err != nil {
		return err
	}
	k.ledger.mu.Lock()
	defer k.ledger.mu.Unlock()
	k.ledger.aliases, k.ledger.pending = map[string]time.Time{}, map[string]bool{}
	for _, e := range entries {
		k.ledger.note(e)
	}
	return nil
}

// note remembers an entry. The caller holds mu.
func (l *ledger) note(e Erasure) {
	if name := erasureName(e.Account, e.Customer); e.Done {
		delete(l.pending, name)
	} else {
		l.pending[name] = true
	}
	for _, alias := range e.Aliases {
		key := erasedAliasKey(e.Account, alias.Hash)
		if e.At.After(l.aliases[key]) {
			l.aliases[key] = e.At
		}
	}
}

func erasedAliasKey(account string, hash []byte) string { return account + "\x00" + string(hash) }

// PutErasures enters customers into the ledger, all or none, as not done, and
// returns once that is durable. For one who is in it already the time stays the
// first, and keys and aliases are added to what is there.
func (k *Keyring) PutErasures(entries ...Erasure) error {
	k.ledger.writing.Lock()
	defer k.ledger.writing.Unlock()
	merged := make([]Erasure, 0, len(entries))
	for _, e := range entries {
		before, ok, err := k.erasure(e.Account, e.Customer)
		if err != nil {
			return err
		}
		if ok {
			e = before.with(e)
		}
		e.Done = false
		merged = append(merged, e)
	}
	return k.putErasures(merged)
}

// FinishErasure notes that an erasure is done, and returns once that is durable.
// One that is not in the ledger is left alone.
func (k *Keyring) FinishErasure(account, customer string) error {
	k.ledger.writing.Lock()
	defer k.ledger.writing.Unlock()
	e, ok, err := k.erasure(account, customer)
	if err != nil || !ok || e.Done {
		return err
	}
	e.Done = true
	return k.putErasures([]Erasure{e})
}

func (k *Keyring) putErasures(entries []Erasure) error {
	err := k.write(func(batch *pebble.Batch) error {
		for _, e := range entries {
			if err := k.set(batch, erasureName(e.Account, e.Customer), e.encode()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	k.ledger.mu.Lock()
	defer k.ledger.mu.Unlock()
	for _, e := range entries {
		k.ledger.note(e)
	}
	return nil
}

// Erasures returns the whole ledger, always in the same order.
func (k *Keyring) Erasures() ([]Erasure, error) {
	names, err := k.names(nameErased, nameErased[:len(nameErased)-1]+"0") // "0" follows "/"
	if err != nil {
		return nil, err
	}
	var entries []Erasure
	for _, name := range names {
		value, ok, err := k.get(name)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		e, err := decodeErasure(name, value)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// ErasuresPending reports whether an erasure in the ledger is not done.
func (k *Keyring) ErasuresPending() bool {
	k.ledger.mu.RLock()
	defer k.ledger.mu.RUnlock()
	return len(k.ledger.pending) > 0
}

// ErasedAt returns when somebody with one of some addresses was erased last, by
// their alias hashes; zero where nobody was, or longer than 30 days ago.
func (k *Keyring) ErasedAt(account string, hashes ...[]byte) (at time.Time) {
	k.ledger.mu.RLock()
	defer k.ledger.mu.RUnlock()
	for _, hash := range hashes {
		if erased := k.ledger.aliases[erasedAliasKey(account, hash)]; erased.After(at) {
			at = erased
		}
	}
	return at
}

// ForgetErasedAliases takes the aliases out of the entries that were made before
// t, and returns how many entries had some. The entries stay.
func (k *Keyring) ForgetErasedAliases(t time.Time) (int, error) {
	k.ledger.writing.Lock()
	defer k.ledger.writing.Unlock()
	entries, err := k.Erasures()
	if err != nil {
		return 0, err
	}
	entries = slices.DeleteFunc(entries, func(e Erasure) bool { return len(e.Aliases) == 0 || !e.At.Before(t) })
	if len(entries) == 0 {
		return 0, nil
	}
	for at := range entries {
		entries[at].Aliases = nil
	}
	if err := k.putErasures(entries); err != nil {
		return 0, err
	}
	return len(entries), k.loadLedger()
}

// erasure returns one entry, and false where there is none.
func (k *Keyring) erasure(account, customer string) (Erasure, bool, error) {
	name := erasureName(account, customer)
	value, ok, err := k.get(name)
	if err != nil || !ok {
		return Erasure{}, false, err
	}
	e, err := decodeErasure(name, value)
	return e, err == nil, err
}

func erasureName(account, customer string) string {
	return string(appendParts([]byte(nameErased), account, customer))
}

// with returns an entry with the keys and aliases of another.
func (e Erasure) with(other Erasure) Erasure {
	if other.At.Before(e.At) {
		e.At = other.At
	}
	keys, aliases := map[string]bool{}, map[string]ErasedAlias{}
	for _, from := range []Erasure{e, other} {
		for _, key := range from.Keys {
			keys[key] = true
		}
		for _, alias := range from.Aliases {
			aliases[string(alias.Hash)] = alias
		}
	}
	e.Keys, e.Aliases = slices.Sorted(maps.Keys(keys)), nil
	for _, hash := range slices.Sorted(maps.Keys(aliases)) {
		e.Aliases = append(e.Aliases, aliases[hash])
	}
	return e
}

// encode returns the time in microseconds, whether it is done, the keys, and the
// aliases with their integrations, as one list of parts.
func (e Erasure) encode() []byte {
	done := ""
	if e.Done {
		done = "done"
	}
	at := binary.BigEndian.AppendUint64(nil, uint64(e.At.UnixMicro()))
	parts := []string{string(at), done, string(appendParts(nil, e.Keys...))}
	for _, alias := range e.Aliases {
		parts = append(parts, alias.Integration, string(alias.Hash))
	}
	return appendParts(nil, parts...)
}

func decodeErasure(name string, value []byte) (Erasure, error) {
	damaged := fmt.Errorf("%w: an entry below %q cannot be read", ErrCorrupt, nameErased)
	of, ok := splitParts([]byte(strings.TrimPrefix(name, nameErased)))
	if !ok || len(of) != 2 {
		return Erasure{}, damaged
	}
	parts, ok := splitParts(value)
	if !ok || len(parts) < 3 || len(parts)%2 == 0 || len(parts[0]) != 8 {
		return Erasure{}, damaged
	}
	e := Erasure{
		Account: of[0], Customer: of[1], Done: parts[1] != "",
		At: time.UnixMicro(int64(binary.BigEndian.Uint64([]byte(parts[0])))).UTC(),
	}
	if e.Keys, ok = splitParts([]byte(parts[2])); !ok {
		return Erasure{}, damaged
	}
	for at := 3; at < len(parts); at += 2 {
		e.Aliases = append(e.Aliases, ErasedAlias{Integration: parts[at], Hash: []byte(parts[at+1])})
	}
	return e, nil
}
