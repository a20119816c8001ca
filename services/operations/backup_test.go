package operations_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectinprocess"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"weiche/eventstore"
	adminv1 "weiche/proto/gen/weiche/admin/v1"
	"weiche/proto/gen/weiche/admin/v1/adminv1connect"
	"weiche/services/api"
	"weiche/services/keyring"
	"weiche/services/operations"
	"weiche/services/router"
)

// places are where a test makes its backups.
func places(t *testing.T) map[string]string {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("backups"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "somebody")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "whose secret this is")
	return map[string]string{
		"folder": filepath.Join(t.TempDir(), "a", "b"),
		"s3":     "s3://backups?region=eu-central-1&endpoint=" + server.URL + "&use_path_style=true&prefix=weiche/",
	}
}

// TestBackupAndRestore makes backups of a growing log in a folder and in an object
// store, checks them, and makes the folder anew from each.
func TestBackupAndRestore(t *testing.T) {
	for name, place := range places(t) {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			keys, err := keyring.Open(filepath.Join(data, "keyring"), keyring.Options{Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			defer keys.Close()
			store, err := eventstore.Open(filepath.Join(data, "log"), router.LogOptions(eventstore.Options{}))
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			client := clientOf(operations.New(operations.Config{Store: store, Keys: keys, Logger: slog.New(slog.DiscardHandler)}))
			var sealedBy string
			for n := uint64(1); n <= 3; n++ {
				sealedBy = write(t, store, keys, n)
				done := backup(t, client, &adminv1.BackupRequest{To: place})
				if done.GetFirst() != n || done.GetPosition() != n || done.GetBytes() == 0 {
					t.Errorf("backup %d: %v", n, done)
				}
			}
			if done := backup(t, client, &adminv1.BackupRequest{To: place}); done.GetFirst() != 0 || done.GetPosition() != 3 {
				t.Errorf("a backup of nothing new: %v", done)
			}

			bucket, closer, err := operations.OpenBucket(t.Context(), place)
			if err != nil {
				t.Fatal(err)
			}
			defer closer.Close()
			state, err := operations.VerifyBackup(t.Context(), bucket, "", nil)
			if err != nil || state.Log.Position != 3 || state.Log.Segments != 3 || state.Keys == 0 {
				t.Errorf("%+v, %v", state, err)
			}
			made := filepath.Join(t.TempDir(), "data")
			restore := operations.Restore{From: bucket, Data: made, MasterKeyFile: filepath.Join(data, "keyring", "master.key")}
			if got, err := restore.Run(t.Context()); err != nil || got.Position != 3 {
				t.Fatalf("%+v, %v", got, err)
			}
			reads(t, restore, sealedBy)
			if _, err := restore.Run(t.Context()); !errors.Is(err, eventstore.ErrNotEmpty) {
				t.Errorf("the same again: %v", err)
			}

			// A key that is gone is gone from the backup after the next one, and
			// another keyring is taken where one is named.
			if err := keys.Destroy(sealedBy); err != nil {
				t.Fatal(err)
			}
			old := restore
			old.Data = filepath.Join(t.TempDir(), "data")
			old.Keyring = filepath.Join(made, "keyring")
			backup(t, client, &adminv1.BackupRequest{To: place})
			restore.Data = filepath.Join(t.TempDir(), "data")
			if _, err := restore.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			reads(t, restore, "")
			if _, err := old.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			reads(t, old, sealedBy)

			// A second log in the same place has to be told from the first.
			other, err := eventstore.Open(filepath.Join(old.Data, "log"), router.LogOptions(eventstore.Options{}))
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := other.Archive(t.Context(), bucket, eventstore.ArchiveOptions{})
			if err := errors.Join(err, other.Close()); err != nil {
				t.Fatal(err)
			}
			old.Data = filepath.Join(t.TempDir(), "data")
			if _, err := old.Run(t.Context()); !errors.Is(err, operations.ErrSeveralLogs) || !strings.Contains(err.Error(), theirs.Name) {
				t.Errorf("a restore of one of two logs: %v", err)
			}
			old.At.Generation = state.Log.Name
			if got, err := old.Run(t.Context()); err != nil || got.Generation != state.Log.Name {
				t.Errorf("a restore of a log by its name: %+v, %v", got, err)
			}

			// Full backups follow each other.
			for range 2 {
				if done := backup(t, client, &adminv1.BackupRequest{To: place, Full: true, Keep: 2}); done.GetFirst() != 1 {
					t.Errorf("a full backup: %v", done)
				}
			}
			if all, err := eventstore.Archives(t.Context(), bucket); err != nil || len(all) > 3 {
				t.Errorf("%d full backups are kept, %v", len(all), err)
			}
			damaged(t, bucket)
		})
	}
}

// damaged changes the keyring of a backup, and takes it away.
func damaged(t *testing.T, bucket eventstore.Bucket) {
	t.Helper()
	keys, err := bucket.Read(t.Context(), operations.KeyringObject)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(keys); at += len(keys)/7 + 1 {
		bad := slices.Clone(keys)
		bad[at] ^= 4
		if err := bucket.Write(t.Context(), operations.KeyringObject, bad); err != nil {
			t.Fatal(err)
		}
		if _, err := operations.VerifyBackup(t.Context(), bucket, "", nil); !errors.Is(err, keyring.ErrBadExport) {
			t.Errorf("byte %d of the keyring is changed: %v", at, err)
		}
	}
	if err := bucket.Delete(t.Context(), operations.KeyringObject); err != nil {
		t.Fatal(err)
	}
	if _, err := operations.VerifyBackup(t.Context(), bucket, "", nil); !errors.Is(err, eventstore.ErrNotFound) {
		t.Errorf("without a keyring: %v", err)
	}
	if err := bucket.Delete(t.Context(), operations.KeyringObject); err != nil {
		t.Errorf("what is not there is deleted: %v", err)
	}
}

// opened makes the log and the keyring of an installation.
func opened(t *testing.T) (data string, store *eventstore.Store, keys *keyring.Keyring) {
	t.Helper()
	data = t.TempDir()
	keys, err := keyring.Open(filepath.Join(data, "keyring"), keyring.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keys.Close() })
	store, err = eventstore.Open(filepath.Join(data, "log"), router.LogOptions(eventstore.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return data, store, keys
}

// TestBackupOfAnother backs two installations up to one place: the keyring of the
// first is not written over, and is not taken for that of the second.
func TestBackupOfAnother(t *testing.T) {
	place := t.TempDir()
	data, store, keys := opened(t)
	for n := uint64(1); n < 3; n++ {
		write(t, store, keys, n)
	}
	sealedBy := write(t, store, keys, 3)
	backup(t, clientOf(operations.New(operations.Config{Store: store, Keys: keys, Logger: slog.New(slog.DiscardHandler)})), &adminv1.BackupRequest{To: place})

	other, otherStore, otherKeys := opened(t)
	write(t, otherStore, otherKeys, 1)
	stream, err := clientOf(operations.New(operations.Config{Store: otherStore, Keys: otherKeys, Logger: slog.New(slog.DiscardHandler)})).Backup(t.Context(), &adminv1.BackupRequest{To: place})
	if err == nil {
		_, err = stream.Receive()
	}
	if connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), "another installation") {
		t.Errorf("the second is backed up there: %v", err)
	}
	bucket, _, err := operations.OpenBucket(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	restore := operations.Restore{From: bucket, Data: filepath.Join(t.TempDir(), "data"), MasterKeyFile: filepath.Join(data, "keyring", "master.key")}
	foreign, missing := restore, restore
	missing.Keyring = filepath.Join(t.TempDir(), "nothing")
	if _, err := missing.Run(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("with a keyring that is not there: %v", err)
	}
	if err := otherKeys.Close(); err != nil {
		t.Fatal(err)
	}
	foreign.Keyring, foreign.MasterKeyFile = filepath.Join(other, "keyring"), filepath.Join(other, "keyring", "master.key")
	if _, err := foreign.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "another installation") {
		t.Errorf("with the keyring of another installation: %v", err)
	}
	if _, err := restore.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	reads(t, restore, sealedBy)
}

// TestBackupKilled ends a backup as soon as a part of the log is written: what is
// there can be read.
func TestBackupKilled(t *testing.T) {
	place := t.TempDir()
	data, store, keys := opened(t)
	client := clientOf(operations.New(operations.Config{Store: store, Keys: keys, Logger: slog.New(slog.DiscardHandler)}))
	write(t, store, keys, 1)
	backup(t, client, &adminv1.BackupRequest{To: place})
	for _, id := range []uint64{2, 3} {
		for range 256 { // as many as are made ahead: the next are new on disk, too
			if _, err := keys.NewKey(); err != nil {
				t.Fatal(err)
			}
		}
		write(t, store, keys, id)
	}
	stream, err := client.Backup(t.Context(), &adminv1.BackupRequest{To: place})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Receive(); err != nil { // the segment is there, the rest may not be
		t.Fatal(err)
	}
	bucket, _, err := operations.OpenBucket(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	restore := operations.Restore{From: bucket, Data: filepath.Join(t.TempDir(), "data"), MasterKeyFile: filepath.Join(data, "keyring", "master.key")}
	if _, err := restore.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for { // to the end, for the folder is removed
		if response, err := stream.Receive(); err != nil || response.GetDone() {
			break
		}
	}
	_ = stream.Close()
	last := ""
	for rec, err := range store.ReadAll(t.Context(), 3) {
		if err != nil {
			t.Fatal(err)
		}
		last = rec.KeyID
	}
	reads(t, restore, last)
}

// TestBackupElsewhere names places that cannot be.
func TestBackupElsewhere(t *testing.T) {
	client := clientOf(operations.New(operations.Config{}))
	for _, place := range []string{"", "relative", "s3://", "ftp://somewhere/else", "mem://"} {
		stream, err := client.Backup(t.Context(), &adminv1.BackupRequest{To: place})
		if err == nil {
			_, err = stream.Receive()
		}
		if err == nil || !strings.Contains(err.Error(), "neither an absolute path nor s3://") {
			t.Errorf("to %q: %v", place, err)
		}
	}
}

func clientOf(o *operations.Operations) adminv1connect.OperationsServiceClient {
	server := connect.NewServer(api.AnswerErrors(slog.New(slog.DiscardHandler)))
	adminv1connect.RegisterOperationsServiceHandler(server, o)
	return adminv1connect.NewOperationsServiceClient(connect.NewClient(connectinprocess.New(server)))
}

// backup makes a backup and returns what is said at its end.
func backup(t *testing.T, client adminv1connect.OperationsServiceClient, request *adminv1.BackupRequest) *adminv1.BackupResponse {
	t.Helper()
	stream, err := client.Backup(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	for {
		response, err := stream.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if response.GetDone() {
			return response
		}
	}
}

const said = "what somebody said"

// write appends an event that is sealed with a key of its own, and returns that.
func write(t *testing.T, store *eventstore.Store, keys *keyring.Keyring, n uint64) string {
	t.Helper()
	id, err := keys.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	event := eventstore.Event{
		Stream: eventstore.Stream{Account: "shop", Category: "test", ID: "1"}, ID: fmt.Sprint("event-", n),
		Type: "weiche.event.v1.LogRestored", SchemaVersion: 1, KeyID: id,
	}
	if event.Sealed, err = keys.Seal(id, keyring.AAD("shop", "test", "1", event.ID), []byte(said)); err != nil {
		t.Fatal(err)
	}
	results, err := store.Append(t.Context(), []eventstore.Commit{{Events: []eventstore.Event{event}}})
	if err == nil {
		err = results[0].Err
	}
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// reads opens a restored folder and what a key has sealed in it; with no key it
// expects that one sealed part cannot be opened any more.
func reads(t *testing.T, restore operations.Restore, keyID string) {
	t.Helper()
	keys, err := keyring.Open(filepath.Join(restore.Data, "keyring"), keyring.Options{MasterKeyFile: restore.MasterKeyFile})
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	store, err := eventstore.Open(filepath.Join(restore.Data, "log"), router.LogOptions(eventstore.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	opened, gone, found := 0, 0, false
	for rec, err := range store.ReadAll(context.WithoutCancel(t.Context()), 1) {
		if err != nil {
			t.Fatal(err)
		}
		plain, err := keys.Unseal(rec.KeyID, keyring.AAD("shop", "test", "1", rec.ID), rec.Sealed)
		switch {
		case errors.Is(err, keyring.ErrKeyGone):
			gone++
		case err != nil || !bytes.Equal(plain, []byte(said)):
			t.Errorf("%q, %v", plain, err)
		default:
			opened++
			found = found || rec.KeyID == keyID
		}
	}
	if want := 3; keyID == "" && (opened != want-1 || gone != 1) || keyID != "" && (opened != want || !found) {
		t.Errorf("%d of %d events can be opened, %d keys are gone", opened, want, gone)
	}
}
