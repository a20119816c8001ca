package operations

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"weiche/eventstore"
	adminv1 "weiche/proto/gen/weiche/admin/v1"
	"weiche/proto/gen/weiche/admin/v1/adminv1connect"
	errorv1 "weiche/proto/gen/weiche/error/v1"
	"weiche/services/keyring"
)

// KeyringObject is the name under which a backup holds the keyring, beside the
// archives of the log. There is one, always the newest: keys that an erasure has
// destroyed are in no backup after the next one.
const KeyringObject = "keyring"

// Backup writes what the log has beyond the last backup. The keyring is written
// before that, so that one that ends half way has the keys of what it wrote, and
// after it, since more was said meanwhile. One that was interrupted is gone on with
// by the next. A place that holds the keyring of another installation is refused.
func (o *Operations) Backup(ctx context.Context, req *adminv1.BackupRequest, stream adminv1connect.OperationsServiceBackupServerStream) (err error) {
	if req.GetKeep() < 0 {
		return fail(errorv1.Reason_REASON_INVALID, "keep is %d", req.GetKeep())
	}
	bucket, closer, err := OpenBucket(ctx, req.GetTo())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	o.backingUp.Lock()
	defer o.backingUp.Unlock()
	from := uint64(0)
	written, err := o.backUpKeys(ctx, bucket)
	if err != nil {
		return o.backupFailed(req.GetTo(), err)
	}
	archived, err := o.Store.Archive(ctx, bucket, eventstore.ArchiveOptions{
		Full: req.GetFull(), Keep: int(req.GetKeep()),
		Progress: func(p eventstore.Progress) {
			// Who asked may be gone; the context says so.
			_ = stream.Send(&adminv1.BackupResponse{Position: p.Done, Total: p.Total})
		},
	})
	if err != nil {
		return o.backupFailed(req.GetTo(), err)
	}
	if archived.Events > 0 {
		from = archived.Position - archived.Events + 1
	}
	if written, err = o.writeKeys(ctx, bucket, written); err != nil {
		return o.backupFailed(req.GetTo(), err)
	}
	o.Logger.Info("backed up", "position", archived.Position, "events", archived.Events, "generation", archived.Name)
	return stream.Send(&adminv1.BackupResponse{
		Position: archived.Position, Total: archived.Position, Done: true,
		First: from, Bytes: archived.Bytes + uint64(len(written)), Generation: archived.Name, Deleted: archived.Deleted,
	})
}

// errForeign is returned for a place whose keyring is not ours: without it nothing
// in the backups there can be read, so it is not written over.
var errForeign = errors.New("it holds the backup of another installation, or one under another master key; each needs a place of its own")

// backUpKeys writes the keyring as it is, over an older one of this installation
// or a damaged one, and returns what it wrote.
func (o *Operations) backUpKeys(ctx context.Context, to eventstore.Bucket) ([]byte, error) {
	there, err := to.Read(ctx, KeyringObject)
	if errors.Is(err, eventstore.ErrNotFound) {
		return o.writeKeys(ctx, to, nil)
	}
	if err != nil {
		return nil, err
	}
	switch same, err := o.Keys.Made(bytes.NewReader(there)); {
	case errors.Is(err, keyring.ErrBadExport):
		o.Logger.Warn("the keyring of the backup was damaged and is written anew", "error", err)
		there = nil
	case err != nil:
		return nil, err
	case !same:
		return nil, errForeign
	}
	return o.writeKeys(ctx, to, there)
}

// writeKeys writes the keyring unless it is what is there, and returns it.
func (o *Operations) writeKeys(ctx context.Context, to eventstore.Bucket, there []byte) ([]byte, error) {
	var keys bytes.Buffer
	if err := o.Keys.Export(&keys); err != nil {
		return nil, err
	}
	if bytes.Equal(keys.Bytes(), there) {
		return there, nil
	}
	return keys.Bytes(), to.Write(ctx, KeyringObject, keys.Bytes())
}

// backupFailed tells the operator why: it is about a place that the operator named.
func (o *Operations) backupFailed(to string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	o.Logger.Error("backup failed", "error", err)
	reason := errorv1.Reason_REASON_UNAVAILABLE
	switch {
	case errors.Is(err, eventstore.ErrCorrupt):
		reason = errorv1.Reason_REASON_INTERNAL
	case errors.Is(err, errForeign):
		reason = errorv1.Reason_REASON_INVALID
	}
	return fail(reason, "backup to %s: %w", to, err)
}

// BackupState is what VerifyBackup has found.
type BackupState struct {
	// Log is the archive of the log that a restore would take.
	Log eventstore.Archived
	// Generations are all archives that are there.
	Generations []eventstore.Generation
	// Keys is the size of the keyring in bytes.
	Keys int
}

// VerifyBackup reads all of a backup: the archive of a generation, the newest one
// if that is empty, and the keyring. It needs no master key. The errors are those
// of eventstore.VerifyArchive, and keyring.ErrBadExport.
func VerifyBackup(ctx context.Context, bucket eventstore.Bucket, generation string, progress func(eventstore.Progress)) (state BackupState, err error) {
	if state.Generations, err = eventstore.Archives(ctx, bucket); err != nil {
		return state, err
	}
	if len(state.Generations) == 0 {
		return state, errNoBackup
	}
	if state.Log, err = eventstore.VerifyArchive(ctx, bucket, generation, progress); err != nil {
		return state, err
	}
	keys, err := readKeyring(ctx, bucket)
	if err != nil {
		return state, err
	}
	state.Keys = len(keys)
	return state, nil
}

// errNoBackup is returned for a place without any backup.
var errNoBackup = fmt.Errorf("there is no backup there: %w", eventstore.ErrNotFound)

// readKeyring returns the keyring of a backup, which is whole.
func readKeyring(ctx context.Context, bucket eventstore.Bucket) ([]byte, error) {
	keys, err := bucket.Read(ctx, KeyringObject)
	if errors.Is(err, eventstore.ErrNotFound) {
		return nil, fmt.Errorf("the backup has no keyring, without which nothing in it can be read: %w", err)
	}
	if err != nil {
		return nil, err
	}
	return keys, keyring.CheckExport(bytes.NewReader(keys))
}
