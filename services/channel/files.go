package channel

import (
	"context"
	"errors"
	"io"
	"time"
)

// ErrNoFile is returned when a file is not there: it never was, or its key is
// gone with its customer.
var ErrNoFile = errors.New("channel: no such file")

// Files are the files of messages, as a sender needs them. Implementations are
// safe for concurrent use.
type Files interface {
	// Open returns a file of an account; the caller closes it. The error is
	// ErrNoFile, or that of a store that cannot be reached now.
	Open(ctx context.Context, account, blobID string) (File, error)
	// Link returns an address that a provider or a customer can fetch the file
	// from for so long, at most LinkLength bytes. It is not ok where the
	// installation has no public address.
	Link(account, blobID string, ttl time.Duration) (url string, ok bool)
}

// LinkLength is how long a link to a file may be, in bytes.
const LinkLength = 400

// File is one file, open.
type File struct {
	io.ReadCloser
	// MIMEType is what its bytes show, and Name the sender's name for it.
	MIMEType, Name string
	// Size is how many bytes follow.
	Size int64
}
