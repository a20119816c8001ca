package projections

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// Timeline returns a page of a conversation's timeline, with its content opened.
// The errors of all reads are [ErrNotFound], [ErrNotReady], [ErrClosed],
// [ErrCorrupt], the context's and those of the Opener.
func (v *Views) Timeline(ctx context.Context, account, conversation string, page Page) (view *viewv1.Timeline, err error) {
	err = v.read(ctx, []string{TimelineName}, func(r *reader) error {
		view, err = r.timeline(account, conversation, page)
		return err
	})
	return orNil(view, err)
}

// Channel returns what was exchanged over one integration of a conversation,
// with its content opened.
func (v *Views) Channel(ctx context.Context, account, conversation, integration string) (view *viewv1.ChannelView, err error) {
	err = v.read(ctx, []string{TimelineName, ChannelViewName}, func(r *reader) error {
		view, err = r.channel(account, conversation, integration)
		return err
	})
	return orNil(view, err)
}

// Route returns where a reply of a conversation goes.
func (v *Views) Route(ctx context.Context, account, conversation string) (view *viewv1.Route, err error) {
	err = v.read(ctx, []string{RouteName}, func(r *reader) error {
		view, err = r.route(account, conversation)
		return err
	})
	return orNil(view, err)
}

// Customer returns a customer card, with names and addresses opened.
func (v *Views) Customer(ctx context.Context, account, customer string) (view *viewv1.Customer, err error) {
	err = v.read(ctx, []string{CustomerName}, func(r *reader) error {
		view, err = r.customer(account, customer)
		return err
	})
	return orNil(view, err)
}

// Identity returns an identity, which says whose it is and which conversation
// its messages join.
func (v *Views) Identity(ctx context.Context, account, identity string) (view *viewv1.Identity, err error) {
	err = v.read(ctx, []string{CustomerName}, func(r *reader) error {
		view, err = r.identity(account, identity)
		return err
	})
	return orNil(view, err)
}

// orNil returns no view with an error.
func orNil[T any](view *T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return view, nil
}

// read calls f with the rows of some projections as they are at one moment.
func (v *Views) read(ctx context.Context, names []string, f func(*reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := v.enter(); err != nil {
		return err
	}
	defer v.leave()
	if err := v.servable(names); err != nil {
		return err
	}
	snapshot, done := v.snapshot()
	defer done()
	r := &reader{open: v.opts.Opener, rows: map[string]source{}}
	for _, name := range names {
		c, err := readCheckpoint(snapshot, checkpointKey(name))
		if err != nil {
			return v.heed(err)
		}
		r.asOf = c.Position
		r.rows[name] = &snapshotRows{db: snapshot, prefix: generationPrefix(name, c.Generation)}
	}
	return v.heed(f(r))
}

// servable returns why one of the projections cannot be read.
func (v *Views) servable(names []string) error {
	v.state.Lock()
	defer v.state.Unlock()
	for _, name := range names {
		if !slices.ContainsFunc(v.live, func(l *live) bool { return l.Name == name }) {
			return fmt.Errorf("%w: %s", ErrUnknownProjection, name)
		}
		if !v.state.ready[name] {
			return fmt.Errorf("%w: %s", ErrNotReady, name)
		}
	}
	return nil
}

// Digest returns the SHA-256 of all rows of a projection with their keys, in the
// order of the keys. Two folders that folded the same log to the same position
// have the same digest.
func (v *Views) Digest(ctx context.Context, projection string) ([32]byte, error) {
	var digest [32]byte
	err := v.read(ctx, []string{projection}, func(r *reader) error {
		h := sha256.New()
		var size [8]byte
		rows := r.rows[projection].(*snapshotRows)
		err := rows.each(rows.prefix, prefixEnd(rows.prefix), false, func(k, value []byte) (bool, error) {
			for _, part := range [][]byte{k, value} {
				binary.BigEndian.PutUint64(size[:], uint64(len(part)))
				h.Write(size[:])
				h.Write(part)
			}
			return true, ctx.Err()
		})
		h.Sum(digest[:0])
		return err
	})
	return digest, err
}
