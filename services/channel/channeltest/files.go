package channeltest

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"weiche/services/channel"
)

// Files are files of which every one is there: the bytes of one are made of its
// id. One that is called MissingFile is not, and UnreachableFile is in a store
// that cannot be reached.
type Files struct {
	// Public is where the files are to be had; empty where they are nowhere.
	Public string
}

// The files that cannot be opened.
const (
	MissingFile     = "missing"
	UnreachableFile = "unreachable"
)

// Open returns a file of any account.
func (f Files) Open(_ context.Context, _, blobID string) (channel.File, error) {
	switch blobID {
	case MissingFile:
		return channel.File{}, channel.ErrNoFile
	case UnreachableFile:
		return channel.File{}, errors.New("the store is away")
	}
	content := FileContent(blobID)
	return channel.File{ReadCloser: io.NopCloser(strings.NewReader(content)), Size: int64(len(content))}, nil
}

// FileContent returns the bytes of a file.
func FileContent(blobID string) string { return "the bytes of " + blobID }

// Link returns an address below Public.
func (f Files) Link(account, blobID string, _ time.Duration) (string, bool) {
	return f.Public + "/" + account + "/" + blobID, f.Public != ""
}
