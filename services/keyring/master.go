package keyring

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// fileMaster is the file with the master key: 32 bytes and nothing else.
const fileMaster = "master.key"

// openMaster reads the master key, or makes it where the store is not there
// either.
func openMaster(fs vfs.FS, dir, store string) (cipher.AEAD, error) {
	path := fs.PathJoin(dir, fileMaster)
	key, err := readMaster(fs, path)
	if errors.Is(err, os.ErrNotExist) {
		if _, err := fs.Stat(store); err == nil {
			return nil, fmt.Errorf("%w: %s is missing, and nothing in %s can be read without it", ErrMasterKey, path, store)
		}
		key, err = makeMaster(fs, dir, path)
	}
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return newAEAD(key)
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
	key, err := io.ReadAll(io.LimitReader(file, keySize+1))
	if err != nil {
		return nil, err
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("%w: %s is not %d bytes long", ErrMasterKey, path, keySize)
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
