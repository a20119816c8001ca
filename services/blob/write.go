package blob

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"gocloud.dev/blob"

	"weiche/services/keyring"
)

// A file is a header and chunks, each sealed with the file's key for its place, the
// last one as the last: one that was cut off, changed or put elsewhere does not open.
// The id of the customer's key says what the file's key is made of.
//
//	magic "wb2", length of the key's id (1 byte), the key's id,
//	length of the sealed info (2 bytes), the sealed info,
//	chunks of chunkSize bytes and what sealing adds
const (
	magic     = "wb2"
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
	sealer      keyring.Sealer
	object      *blob.Writer
	cancel      context.CancelFunc
	chunk       []byte
	number      int
}

// create begins a file. It is there once close has returned nil; discard drops it.
func (s *Store) create(ctx context.Context, account, id string, about info) (*writer, error) {
	key, _, err := place(account, id)
	if err != nil {
		return nil, err
	}
	keyID, fileKey, err := s.Keys.NewFile(ctx, account, id)
	if err != nil {
		return nil, err
	}
	sealer, err := keyring.NewSealer(fileKey)
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	plain, err := json.Marshal(about)
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	sealed := sealer.Seal(aad(account, id, "info"), plain)
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
	w := &writer{store: s, account: account, id: id, key: key, keyID: keyID, sealer: sealer, object: object, cancel: cancel}
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
	sealed := w.sealer.Seal(aad(w.account, w.id, chunkName(w.number, last)), w.chunk)
	w.number++
	w.chunk = w.chunk[:0]
	if _, err := w.object.Write(sealed); err != nil {
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
	err := w.object.Close()
	if err == nil {
		err = w.store.Bucket.synced(w.key)
	}
	// The folder that it was to lie in may be gone with the customer.
	stands, unknown := w.store.Keys.Stands(ctx, w.keyID)
	switch {
	case unknown == nil && !stands:
		return errors.Join(ErrGone, w.store.Bucket.remove(context.WithoutCancel(ctx), w.key))
	case err != nil:
		return fmt.Errorf("blob: %w", err)
	case unknown != nil:
		return errors.Join(fmt.Errorf("blob: %w", unknown), w.store.Bucket.remove(context.WithoutCancel(ctx), w.key))
	}
	return nil
}

// discard ends the file as if it had never begun.
func (w *writer) discard() {
	w.cancel()
	_ = w.object.Close() // which says that it was cancelled
}
