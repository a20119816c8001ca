package blob

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"gocloud.dev/blob"
)

// A file is a header and chunks, each sealed for its place, the last one as the
// last: one that was cut off, changed or put elsewhere does not open.
//
//	magic "wb1", length of the key's id (1 byte), the key's id,
//	length of the sealed info (2 bytes), the sealed info,
//	chunks of chunkSize bytes and what sealing adds
const (
	magic     = "wb1"
	chunkSize = 64 << 10
	// overhead is what sealing adds to a chunk: nonce and tag.
	overhead = 28
	// maxName bounds the name of a file, in bytes.
	maxName = 200
	// maxHeader is more than any header has.
	maxHeader = 2 << 10
)

// info is what the header says of a file.
type info struct {
	Type string `json:"type"`
	Name string `json:"name,omitempty"`
}

// writer seals a file on its way to its object.
type writer struct {
	store       *Store
	account, id string
	key, keyID  string
	object      *blob.Writer
	cancel      context.CancelFunc
	chunk       []byte
	number      int
}

// create begins a file. It is there once close has returned nil; discard drops it.
func (s *Store) create(ctx context.Context, account, id string, about info) (*writer, error) {
	key, customer, err := place(account, id)
	if err != nil {
		return nil, err
	}
	keyID, err := s.keyOf(ctx, account, customer)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(about)
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	sealed, err := s.Keys.Seal(keyID, aad(account, id, "info"), plain)
	if err != nil {
		return nil, lost(err)
	}
	header := append([]byte(magic), byte(len(keyID)))
	header = append(header, keyID...)
	header = binary.BigEndian.AppendUint16(header, uint16(len(sealed)))
	header = append(header, sealed...)
	ctx, cancel := context.WithCancel(ctx)
	object, err := s.Bucket.NewWriter(ctx, key, &blob.WriterOptions{ContentType: "application/octet-stream", DisableContentTypeDetection: true})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("blob: %w", err)
	}
	w := &writer{store: s, account: account, id: id, key: key, keyID: keyID, object: object, cancel: cancel}
	if _, err := object.Write(header); err != nil {
		w.discard()
		return nil, fmt.Errorf("blob: %w", err)
	}
	return w, nil
}

// Write takes the next bytes. A full chunk is written when more follows.
func (w *writer) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		if len(w.chunk) == chunkSize {
			if err := w.flush(false); err != nil {
				return n, err
			}
		}
		take := min(len(p), chunkSize-len(w.chunk))
		w.chunk = append(w.chunk, p[:take]...)
		p, n = p[take:], n+take
	}
	return n, nil
}

func (w *writer) flush(last bool) error {
	sealed, err := w.store.Keys.Seal(w.keyID, aad(w.account, w.id, chunkName(w.number, last)), w.chunk)
	if err != nil {
		return lost(err)
	}
	w.number++
	w.chunk = w.chunk[:0]
	if _, err = w.object.Write(sealed); err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	return nil
}

func chunkName(number int, last bool) string {
	if last {
		return "last " + strconv.Itoa(number)
	}
	return strconv.Itoa(number)
}

// close ends the file and makes it durable. Where the customer was erased meanwhile
// it is removed again, and the error is ErrGone: who erases destroys the key first
// and removes the files then.
func (w *writer) close(ctx context.Context) error {
	defer w.cancel()
	if err := w.flush(true); err != nil {
		w.discard()
		return err
	}
	if err := w.object.Close(); err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	if err := w.store.Bucket.synced(w.key); err != nil {
		return err
	}
	has, err := w.store.Keys.Has(w.keyID)
	if err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	if !has {
		return errors.Join(ErrGone, w.store.Bucket.remove(context.WithoutCancel(ctx), w.key))
	}
	return nil
}

// discard ends the file as if it had never begun.
func (w *writer) discard() {
	w.cancel()
	_ = w.object.Close() // which says that it was cancelled
}
