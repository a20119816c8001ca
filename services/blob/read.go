package blob

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"weiche/services/keyring"
)

// Reader reads a file, from any place. It is not for concurrent use.
type Reader struct {
	// MIMEType is what the bytes show, and Name the sender's name for the file.
	MIMEType, Name string
	// Size is that of the file in bytes.
	Size int64

	ctx         context.Context
	store       *Store
	account, id string
	key, keyID  string
	sealer      keyring.Sealer
	header      int64 // where the first chunk begins
	chunks      int   // how many there are

	at     int64
	open   int // the chunk that is open, -1 for none
	plain  []byte
	object *blob.Reader
	next   int // the chunk at which object stands
}

// Read opens a file; Close has to be called. The errors are ErrNotFound, ErrGone,
// ErrDamaged, and those of the bucket; reads return the same.
func (s *Store) Read(ctx context.Context, account, id string) (*Reader, error) {
	key, _, err := place(account, id)
	if err != nil {
		return nil, err
	}
	object, err := s.Bucket.NewRangeReader(ctx, key, 0, maxHeader, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	start, err := io.ReadAll(object)
	size := object.Size()
	if err := errors.Join(err, object.Close()); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	r := &Reader{ctx: ctx, store: s, account: account, id: id, key: key, open: -1}
	if err := r.parse(start, size); err != nil {
		return nil, err
	}
	return r, nil
}

// parse reads the header.
func (r *Reader) parse(start []byte, size int64) error {
	rest, ok := bytes.CutPrefix(start, []byte(magic))
	if !ok || len(rest) < 1 || len(rest) < 1+int(rest[0])+2 {
		return ErrDamaged
	}
	r.keyID, rest = string(rest[1:1+rest[0]]), rest[1+rest[0]:]
	length := int(binary.BigEndian.Uint16(rest))
	if rest = rest[2:]; len(rest) < length {
		return ErrDamaged
	}
	key, err := r.store.Keys.File(r.ctx, r.account, r.id, r.keyID)
	if err == nil {
		r.sealer, err = keyring.NewSealer(key)
	}
	if err != nil {
		return err
	}
	plain, err := r.sealer.Unseal(aad(r.account, r.id, "info"), rest[:length])
	if err != nil {
		return lost(err)
	}
	var about info
	if err := json.Unmarshal(plain, &about); err != nil {
		return ErrDamaged
	}
	r.MIMEType, r.Name = about.Type, about.Name
	r.header = int64(len(start) - len(rest) + length)
	sealed := size - r.header
	r.chunks = int((sealed + chunkSize + overhead - 1) / (chunkSize + overhead))
	if r.Size = sealed - int64(r.chunks)*overhead; r.chunks == 0 || r.Size < int64(r.chunks-1)*chunkSize {
		return ErrDamaged
	}
	return nil
}

// Read reads from where the reader stands.
func (r *Reader) Read(p []byte) (int, error) {
	if r.at >= r.Size {
		if r.Size == 0 {
			return 0, errors.Join(r.load(0), io.EOF)
		}
		return 0, io.EOF
	}
	number := int(r.at / chunkSize)
	if r.open != number {
		if err := r.load(number); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.plain[r.at-int64(number)*chunkSize:])
	r.at += int64(n)
	return n, nil
}

// load opens a chunk.
func (r *Reader) load(number int) error {
	if r.object == nil || r.next != number {
		if err := r.Close(); err != nil {
			return err
		}
		object, err := r.store.Bucket.NewRangeReader(r.ctx, r.key, r.header+int64(number)*(chunkSize+overhead), -1, nil)
		if gcerrors.Code(err) == gcerrors.NotFound {
			return ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("blob: %w", err)
		}
		r.object, r.next = object, number
	}
	last := number == r.chunks-1
	sealed := make([]byte, chunkSize+overhead)
	if last {
		sealed = sealed[:r.Size-int64(number)*chunkSize+overhead]
	}
	if _, err := io.ReadFull(r.object, sealed); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	plain, err := r.sealer.Unseal(aad(r.account, r.id, chunkName(number, last)), sealed)
	if err != nil {
		return lost(err)
	}
	r.plain, r.open, r.next = plain, number, number+1
	return nil
}

// Seek moves the place of the next read, as io.Seeker says.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.Size
	}
	if offset < 0 {
		return 0, errors.New("blob: a place before the beginning")
	}
	r.at = offset
	return offset, nil
}

// Close gives back what the reader holds.
func (r *Reader) Close() error {
	if r.object == nil {
		return nil
	}
	err := r.object.Close()
	r.object = nil
	return err
}

// Check reads all of a file.
func (s *Store) Check(ctx context.Context, account, id string) error {
	r, err := s.Read(ctx, account, id)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return err
}
