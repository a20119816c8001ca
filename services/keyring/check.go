package keyring

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"io"
)

// Made reports whether an export is of this keyring, or of one that has come of the
// same: they have the pepper in common. ErrBadExport is returned for what is not
// whole; the reader's errors are returned.
func (k *Keyring) Made(r io.Reader) (same bool, err error) {
	in := &exportReader{r: bufio.NewReader(r), sum: sha256.New()}
	err = in.each(func(name, value []byte) error {
		if string(name) == namePepper {
			pepper, err := k.master.Open(nil, nil, value, name)
			same = err == nil && bytes.Equal(pepper, k.pepper)
		}
		return nil
	})
	return same && err == nil, err
}

// CheckExport reads an export and says whether it is whole, without a master key.
// ErrBadExport is returned for what is not; the reader's errors are returned.
func CheckExport(r io.Reader) error {
	in := &exportReader{r: bufio.NewReader(r), sum: sha256.New()}
	return in.each(func(name, value []byte) error { return nil })
}
