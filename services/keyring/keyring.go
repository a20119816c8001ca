// Package keyring holds what must not lie beside the log: the keys that content
// is sealed with, one for each customer, so that destroying a key erases what
// it sealed; the pepper of the hashes by which the log names addresses and
// codes; the secrets of integrations; and the ledger of who was erased. It is a
// small Pebble store in a folder of its own, each value encrypted under a master
// key, which lies beside it or elsewhere.
package keyring

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// keySize is the size of every key and of the pepper, in bytes.
const keySize = 32

// Options are the choices of who opens a keyring. The zero value is good for use.
type Options struct {
	// FS is where the folder is, the disk if nil.
	FS vfs.FS
	// MasterKeyFile is the file with the master key: 32 bytes, or the same in
	// base64 on one line. It is only read. If empty, the key is in the file
	// master.key of the folder, which is made with the store.
	MasterKeyFile string
	// Existing says that the keyring has to be there: one that is not is
	// ErrCorrupt, and none is made.
	Existing bool
	// Logger gets what Pebble reports; slog.Default if nil.
	Logger *slog.Logger
	// Pool is how many content keys are made ahead; 256 if 0.
	Pool int
	// Cache is how many content keys stay ready for use; 4,096 if 0.
	Cache int
	// Fatal is called when a write to the disk has failed and nobody can know
	// what is on it. It must not return. If nil, the error is logged and the
	// process exits.
	Fatal func(error)
}

// Keyring is an open keyring. Its methods may be called concurrently.
type Keyring struct {
	db     *pebble.DB
	master cipher.AEAD
	pepper []byte

	hashKeys sync.Map // of domain: its HMAC key
	pool     pool
	cache    cache
	days     days
	ledger   ledger
	// exports is held for reading while an export reads the store: what it
	// reads would stay in the files of keys that are destroyed meanwhile.
	exports sync.RWMutex

	users  sync.RWMutex // held for reading by whoever uses db
	closed bool
}

// Open opens the keyring in dir, and makes it where there is none: a folder with
// the store and the file master.key, which only its owner can read. A store
// without that file, or with another's, is ErrMasterKey: nothing is made anew
// then. With Options.MasterKeyFile that file is not made either, and with
// Options.Existing nothing is. Keys that a former process had made ahead are left
// alone, since the log may use any of them.
func Open(dir string, options Options) (*Keyring, error) {
	options.ensureDefaults()
	k := &Keyring{}
	k.pool.init(options.Pool)
	k.cache.size = options.Cache
	store := options.FS.PathJoin(dir, "store")
	if _, err := options.FS.Stat(store); options.Existing && errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing", ErrCorrupt, store)
	}
	master, err := options.openMaster(dir, store)
	if err != nil {
		return nil, err
	}
	k.master = master
	if k.db, err = pebble.Open(store, options.pebble()); err != nil {
		return nil, opening(dir, err)
	}
	if err := k.start(options.Existing); err != nil {
		return nil, errors.Join(err, k.db.Close())
	}
	return k, nil
}

// start checks the master key by the pepper, which is made with the store.
func (k *Keyring) start(existing bool) (err error) {
	pepper, ok, err := k.get(namePepper)
	if err != nil {
		return err
	}
	if !ok {
		empty, err := k.isEmpty()
		if err != nil {
			return err
		}
		if !empty || existing {
			return fmt.Errorf("%w: the store has no pepper", ErrCorrupt)
		}
		pepper = random()
		if err := k.put(namePepper, pepper); err != nil {
			return err
		}
	}
	k.pepper = pepper
	return k.loadLedger()
}

// Run keeps keys ready for NewKey until ctx ends, and returns nil then. It stops
// with the error of the store.
func (k *Keyring) Run(ctx context.Context) error {
	for {
		if err := k.refill(false); err != nil {
			if errors.Is(err, ErrClosed) {
				return nil
			}
			return err
		}
		select {
		case <-k.pool.low:
		case <-ctx.Done():
			return nil
		}
	}
}

// Close closes the store. Calls after it return ErrClosed.
func (k *Keyring) Close() error {
	k.users.Lock()
	defer k.users.Unlock()
	if k.closed {
		return nil
	}
	k.closed = true
	if err := k.db.Close(); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	return nil
}

// use keeps the store open until the function that it returns is called.
func (k *Keyring) use() (func(), error) {
	k.users.RLock()
	if k.closed {
		k.users.RUnlock()
		return nil, ErrClosed
	}
	return k.users.RUnlock, nil
}
