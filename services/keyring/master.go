package keyring

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// fileMaster is the file with the master key where none is named: 32 bytes and
// nothing else.
const fileMaster = "master.key"

// openMaster reads the master key. Where no file is named, it is in the folder,
// and is made where the store is not there either.
func (o *Options) openMaster(dir, store string) (cipher.AEAD, error) {
	path, own := o.masterKey(dir)
	key, err := readMaster(o.FS, path)
	if errors.Is(err, os.ErrNotExist) {
		if _, err := o.FS.Stat(store); err == nil || !own {
			return nil, fmt.Errorf("%w: %s is missing, and nothing in %s can be read without it", ErrMasterKey, path, store)
		}
		if key, err = makeMaster(o.FS, dir, path); err == nil {
			o.Logger.Warn("a master key was made: copy it to a safe place, apart from the backups; "+
				"without it nothing that customers said or are called can ever be read again", "file", path)
		}
	}
	if errors.Is(err, ErrMasterKey) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return newAEAD(key)
}

// masterKey returns the path of the master key, and whether it is the keyring's
// own file.
func (o *Options) masterKey(dir string) (path string, own bool) {
	if o.MasterKeyFile != "" {
		return o.MasterKeyFile, false
	}
	return o.FS.PathJoin(dir, fileMaster), true
}

func readMaster(fs vfs.FS, path string) ([]byte, error) {
	file, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if onDisk(fs) && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: others can read %s: its mode is %#o and has to be 0600", ErrMasterKey, path, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(file, 2*keySize))
	if err != nil {
		return nil, err
	}
	if len(text) == keySize {
		return text, nil
	}
	key, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("%w: %s is neither %d bytes long nor those in base64", ErrMasterKey, path, keySize)
	}
	return key, nil
}

// makeMaster writes a new master key under another name first, so that a crash
// leaves the whole of it or nothing.
func makeMaster(fs vfs.FS, dir, path string) ([]byte, error) {
	key := random()
	if err := makeFolder(fs, dir); err != nil {
		return nil, err
	}
	draft := path + ".new"
	file, err := createPrivate(fs, draft)
	if err != nil {
		return nil, err
	}
	_, err = file.Write(bytes.Clone(key)) // a vfs.File may change what it is given
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	if err := fs.Rename(draft, path); err != nil {
		return nil, err
	}
	return key, syncFolder(fs, dir)
}

// makeFolder makes a folder and those above it that are missing, all durable in
// their parents; one that is there may have been made just before a kill.
func makeFolder(fs vfs.FS, dir string) error {
	parent := fs.PathDir(dir)
	if _, err := fs.Stat(dir); err != nil {
		if parent != dir {
			if err := makeFolder(fs, parent); err != nil {
				return err
			}
		}
		if err := fs.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	return syncFolder(fs, parent)
}

func syncFolder(fs vfs.FS, dir string) error {
	folder, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

type privateFile interface {
	io.Writer
	Sync() error
	Close() error
}

func createPrivate(fs vfs.FS, path string) (privateFile, error) {
	if !onDisk(fs) {
		return fs.Create(path, vfs.WriteCategoryUnspecified)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// onDisk reports whether files have an owner and a mode.
func onDisk(fs vfs.FS) bool { return fs == vfs.Default }

func random() []byte {
	key := make([]byte, keySize)
	rand.Read(key) // never fails
	return key
}

// newAEAD makes AES-256-GCM of a key; each value gets a random nonce before it.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return aead, nil
}
