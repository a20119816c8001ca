package operations

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gocloud.dev/gcerrors"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/proto/schema"
	"weiche/services/blob"
	"weiche/services/keyring"
	"weiche/services/router"
)

// The times of the keeping of files.
const (
	// keepUnused is how long a file is kept that no message shows.
	keepUnused = 24 * time.Hour
	// sweepEvery is how often those are looked for.
	sweepEvery = time.Hour
	// mediaAgain is how long it rests after an error.
	mediaAgain = 10 * time.Second
)

// MediaKeeping removes the files that the log has taken back: those of messages that
// were unsent and of customers who were erased, and those that nobody ever used. It
// notes in the bucket how far it came, so what a crash leaves undone is done at the
// next start.
type MediaKeeping struct {
	Store *eventstore.Store
	Keys  *keyring.Keyring
	Media *blob.Store
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// Logger gets what fails; slog.Default if nil.
	Logger *slog.Logger
}

// Run keeps the files until the context ends, and returns nil then.
func (m MediaKeeping) Run(ctx context.Context) error {
	if m.Now == nil {
		m.Now = time.Now
	}
	if m.Logger == nil {
		m.Logger = slog.Default()
	}
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	following := make(chan struct{})
	go func() {
		defer close(following)
		for m.rest(ctx, m.follow(ctx)) {
		}
	}()
	for {
		removed, err := m.Sweep(ctx)
		if removed > 0 {
			m.Logger.Info("files that no message shows were removed", "files", removed)
		}
		if err != nil && ctx.Err() == nil {
			m.Logger.Error("unused files were not removed; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			<-following
			return nil
		case <-sweep.C:
		}
	}
}

// rest logs an error and waits; it is false at the end.
func (m MediaKeeping) rest(ctx context.Context, err error) bool {
	if ctx.Err() != nil || errors.Is(err, eventstore.ErrClosed) || errors.Is(err, keyring.ErrClosed) {
		return false
	}
	m.Logger.Error("files that were taken back are still there; it is tried again", "error", err)
	select {
	case <-ctx.Done():
		return false
	case <-time.After(mediaAgain):
		return true
	}
}

// Sweep removes the files that no message shows and that are a day old.
func (m MediaKeeping) Sweep(ctx context.Context) (int, error) {
	return m.Media.Sweep(ctx, m.Now().Add(-keepUnused), func(account, id string) (bool, error) {
		return router.ShowsBlob(ctx, m.Store, account, id)
	})
}

// follow removes what the log takes back, from where it came last.
func (m MediaKeeping) follow(ctx context.Context) error {
	from, err := m.mark(ctx)
	if err != nil {
		return err
	}
	noted := from
	for rec, err := range m.Store.Subscribe(ctx, from+1) {
		if err != nil {
			return err
		}
		removed, err := m.take(ctx, rec)
		if err != nil {
			return fmt.Errorf("event %d: %w", rec.Position, err)
		}
		if removed || rec.Position-noted >= markEvery {
			if err := m.note(ctx, rec.Position); err != nil {
				return err
			}
			noted = rec.Position
		}
	}
	return ctx.Err()
}

// take removes what one record takes back; the same again changes nothing. It says
// whether there was anything to remove.
func (m MediaKeeping) take(ctx context.Context, rec *eventstore.Record) (bool, error) {
	if !takesFiles[rec.Type] {
		return false, nil
	}
	event, err := router.Decode(rec)
	if errors.Is(err, schema.ErrLater) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	account := rec.Stream.Account
	switch e := event.Body.(type) {
	case *eventv1.MessageUnsent:
		return len(e.GetBlobIds()) > 0, m.Media.Remove(ctx, account, e.GetBlobIds()...)
	case *eventv1.CustomerErased:
		// The key goes first: who writes a file of theirs now removes it then.
		if err := router.DestroyErased(ctx, m.Store, m.Keys); err != nil {
			return false, err
		}
		return true, m.Media.RemoveCustomer(ctx, account, e.GetCustomerId())
	}
	return false, nil
}

// takesFiles are the types of records that take files back.
var takesFiles = map[string]bool{
	string((&eventv1.MessageUnsent{}).ProtoReflect().Descriptor().FullName()):  true,
	string((&eventv1.CustomerErased{}).ProtoReflect().Descriptor().FullName()): true,
}

// mediaMark is the object that says up to where the log was followed, and markEvery
// how many records without anything to remove it may lag behind.
const (
	mediaMark = "followed"
	markEvery = 100_000
)

// mark returns how far the log was followed; 0 where it is another log.
func (m MediaKeeping) mark(ctx context.Context) (uint64, error) {
	said, err := m.Media.Bucket.ReadAll(ctx, mediaMark)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var incarnation string
	var position uint64
	if n, err := fmt.Sscanf(string(said), "%s %d\n", &incarnation, &position); err != nil || n != 2 ||
		incarnation != m.Store.Incarnation() || position > m.Store.Durable() {
		return 0, nil
	}
	return position, nil
}

func (m MediaKeeping) note(ctx context.Context, position uint64) error {
	return m.Media.Bucket.WriteAll(ctx, mediaMark, fmt.Appendf(nil, "%s %d\n", m.Store.Incarnation(), position), nil)
}

// MissingFile is a file that a message shows and that cannot be read.
type MissingFile struct {
	Account, ID string
	// Err is blob.ErrNotFound, blob.ErrDamaged or that of the bucket.
	Err error
}

// VerifyMedia reads every file that a message shows and whose customer is there, and
// calls missing for those that cannot be read. It returns how many it has read.
func VerifyMedia(ctx context.Context, store *eventstore.Store, media *blob.Store, missing func(MissingFile)) (files uint64, err error) {
	accounts, err := router.Accounts(ctx, store)
	if err != nil {
		return 0, err
	}
	for _, account := range accounts {
		for id, err := range router.Blobs(ctx, store, account) {
			if err != nil {
				return files, err
			}
			if _, erased, err := router.Erased(ctx, store, account, blob.CustomerOf(id)); err != nil || erased {
				if err != nil {
					return files, err
				}
				continue
			}
			files++
			if err := media.Check(ctx, account, id); err != nil {
				if ctx.Err() != nil {
					return files, ctx.Err()
				}
				missing(MissingFile{Account: account, ID: id, Err: err})
			}
		}
	}
	return files, nil
}
