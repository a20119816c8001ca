package eventstore

import (
	"context"
	"errors"
	"time"
)

// VerifyFolder checks a folder that nobody has open, and changes nothing in it:
// all that Open and [Store.Verify] check. opts must have the Index and Redacts
// with which the folder was written. It returns the position and the time of the
// last event. The errors are those of Open and Verify.
func VerifyFolder(ctx context.Context, dir string, opts Options, progress func(Progress)) (head uint64, last time.Time, err error) {
	opts.ReadOnly = true
	s, err := Open(dir, opts)
	if err != nil {
		return 0, time.Time{}, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Verify(ctx, progress); err != nil {
		return 0, time.Time{}, err
	}
	if head = s.Durable(); head > 0 {
		r, err := s.ReadAt(ctx, head)
		if err != nil {
			return 0, time.Time{}, err
		}
		last = r.Recorded
	}
	return head, last, nil
}
