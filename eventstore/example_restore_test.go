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

func ExampleRestore() {
	dir, err := os.MkdirTemp("", "eventstore")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store := exampleLog(filepath.Join(dir, "log"))
	defer store.Close()

	ctx := context.Background()
	backup := filepath.Join(dir, "backup")
	if err := store.Backup(ctx, backup, nil); err != nil {
		log.Fatal(err)
	}
	opts := eventstore.RestoreOptions{Store: eventstore.Options{Redacts: unsent, Logger: slog.New(slog.DiscardHandler)}}
	restored, err := eventstore.Restore(ctx, backup, filepath.Join(dir, "restored"), eventstore.Limit{Position: 2}, opts)
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
