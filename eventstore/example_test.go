package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"

	"weiche/eventstore"
)

func Example() {
	dir, err := os.MkdirTemp("", "eventstore")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := eventstore.Open(dir, eventstore.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	ctx := context.Background()
	conversation := eventstore.Stream{Account: "acme", Category: "conversation", ID: "1"}
	started := eventstore.Commit{
		Expected: []eventstore.Expectation{{Stream: conversation, Version: 0}},
		Events: []eventstore.Event{{
			Stream: conversation, ID: "01J9A", Type: "example.ConversationStarted",
			Dedup: []eventstore.DedupKey{{Key: "wamid.1"}},
			Facts: []byte(`{"channel":"whatsapp"}`),
		}},
	}
	// The webhook comes twice.
	results, err := store.Append(ctx, []eventstore.Commit{started, started})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("first:", results[0].First, results[0].Err)
	var duplicate *eventstore.DuplicateError
	if errors.As(results[1].Err, &duplicate) {
		fmt.Println("second: a duplicate of position", duplicate.Position)
	}
	for record, err := range store.ReadStream(ctx, conversation, 1) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(record.Stream, record.Version, record.Type, string(record.Facts))
	}
	// Output:
	// first: 1 <nil>
	// second: a duplicate of position 1
	// conversation-1 1 example.ConversationStarted {"channel":"whatsapp"}
}
