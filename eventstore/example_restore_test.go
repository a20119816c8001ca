package eventstore_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"weiche/eventstore"
)

// unsent declares the event redacted that an Unsent event names in its facts.
func unsent(r *eventstore.Record) []string {
	if r.Type != "example.Unsent" {
		return nil
	}
	return []string{string(r.Facts)}
}

// exampleLog has two messages, of which the first was taken back.
func exampleLog(dir string) *eventstore.Store {
	store, err := eventstore.Open(dir, eventstore.Options{Redacts: unsent, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	conversation := eventstore.Stream{Account: "acme", Category: "conversation", ID: "1"}
	for _, e := range []eventstore.Event{
		{ID: "1", Type: "example.Message", Sealed: []byte("ciphertext of a secret")},
		{ID: "2", Type: "example.Message", Sealed: []byte("ciphertext of a greeting")},
		{ID: "3", Type: "example.Unsent", Facts: []byte("1")},
	} {
		e.Stream = conversation
		if _, err := store.Append(context.Background(), []eventstore.Commit{{Events: []eventstore.Event{e}}}); err != nil {
			log.Fatal(err)
		}
	}
	return store
}

func ExampleStore_Purge() {
	dir, err := os.MkdirTemp("", "eventstore")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store := exampleLog(dir)
	defer store.Close()

	ctx := context.Background()
	if err := store.Purge(ctx); err != nil {
		log.Fatal(err)
	}
	for record, err := range store.ReadAll(ctx, 1) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d %s redacted=%v %q\n", record.Position, record.Type, record.Redacted(), record.Sealed)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range files {
		if content, err := os.ReadFile(name); err == nil && strings.Contains(string(content), "a secret") {
			fmt.Println("still in", name)
		}
	}
	fmt.Println("sound:", store.Verify(ctx, nil) == nil)
	// Output:
	// 1 example.Message redacted=true ""
	// 2 example.Message redacted=false "ciphertext of a greeting"
	// 3 example.Unsent redacted=false ""
	// sound: true
}

func ExampleStore_Archive() {
	dir, err := os.MkdirTemp("", "eventstore")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store := exampleLog(filepath.Join(dir, "log"))
	defer store.Close()

	// The first call begins an archive, each later one adds what came since.
	ctx := context.Background()
	bucket := eventstore.Folder(nil, filepath.Join(dir, "archive"))
	for _, id := range []string{"4", "5"} {
		archived, err := store.Archive(ctx, bucket, eventstore.ArchiveOptions{Keep: 2})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("archived", archived.Events, "events, up to", archived.Position)
		if _, err := store.Append(ctx, []eventstore.Commit{{Events: []eventstore.Event{{
			Stream: eventstore.Stream{Account: "acme", Category: "conversation", ID: "1"}, ID: id, Type: "example.Message",
		}}}}); err != nil {
			log.Fatal(err)
		}
	}
	verified, err := eventstore.VerifyArchive(ctx, bucket, "", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sound up to", verified.Position, "in", verified.Segments, "segments")
	// Output:
	// archived 3 events, up to 3
	// archived 1 events, up to 4
	// sound up to 4 in 2 segments
}

func ExampleRestore() {
	dir, err := os.MkdirTemp("", "eventstore")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store := exampleLog(filepath.Join(dir, "log"))
	defer store.Close()

	ctx := context.Background()
	bucket := eventstore.Folder(nil, filepath.Join(dir, "archive"))
	if _, err := store.Archive(ctx, bucket, eventstore.ArchiveOptions{}); err != nil {
		log.Fatal(err)
	}
	opts := eventstore.RestoreOptions{Store: eventstore.Options{Redacts: unsent, Logger: slog.New(slog.DiscardHandler)}}
	restored, err := eventstore.Restore(ctx, bucket, filepath.Join(dir, "restored"), eventstore.Limit{Position: 2}, opts)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("restored", restored.Position, "of", restored.Head)
	fmt.Println("from this log:", restored.Origin.Incarnation == store.Incarnation())
	fmt.Println("a log of its own:", restored.NewIncarnation != store.Incarnation())
	fmt.Println("sealed parts that do not come back:", restored.Redacted)
	// Output:
	// restored 2 of 3
	// from this log: true
	// a log of its own: true
	// sealed parts that do not come back: 1
}
