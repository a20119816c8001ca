package keyring

import (
	"bufio"
	"crypto/sha256"
	"io"
)

// CheckExport reads an export and says whether it is whole, without a master key.
// ErrBadExport is returned for what is not; the reader's errors are returned.
func CheckExport(r io.Reader) error {
	in := &exportReader{r: bufio.NewReader(r), sum: sha256.New()}
	return in.each(func(name, value []byte) error { return nil })
}
