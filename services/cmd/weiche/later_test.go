package main

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"weiche/eventstore"
)

// written appends an event to the log of a folder that nobody uses, as another
// version of this program would, and returns its position.
func written(t *testing.T, data string, event eventstore.Event) uint64 {
	t.Helper()
	// It takes an index of its own: this version's refuses what it does not know.
	store, err := eventstore.Open(filepath.Join(data, "log"), eventstore.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	results, err := store.Append(t.Context(), []eventstore.Commit{{Epoch: store.Epoch(), Events: []eventstore.Event{event}}})
	if err == nil {
		err = results[0].Err
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return results[0].Last
}

// TestI34LaterVersions gives the commands a log in which a later version has written:
// it is shown as far as it can be, and nothing is decided, checked or restored that
// this version does not understand.
func TestI34LaterVersions(t *testing.T) {
	before := killed(t)
	for what, event := range map[string]eventstore.Event{
		"type":    {Type: "weiche.event.v1.MessageTranslated", SchemaVersion: 1, Facts: []byte("canary")},
		"version": {Type: "weiche.event.v1.AgentAdded", SchemaVersion: 7, Facts: []byte("canary")},
	} {
		t.Run(what, func(t *testing.T) {
			data := copied(t, before)
			weiche(t, "verify", "--data", data).Expect(t, exitOK)
			event.ID, event.Stream = "later", eventstore.Stream{Account: "shop", Category: "conversation", ID: "01J9ZQ8Y3V4N5T6W7X8Y9Z0A1B"}
			at := written(t, data, event)
			name := event.Type[strings.LastIndexByte(event.Type, '.')+1:]

			for _, args := range [][]string{{}, {"--sealed"}, {"--account", "shop", event.Stream.String()}} {
				shown := weiche(t, append([]string{"events", "--data", data}, args...)...)
				shown.Expect(t, exitOK)
				lines := strings.Split(strings.TrimSpace(shown.Stdout), "\n")
				last := lines[len(lines)-1]
				for _, words := range []string{name, "written by a later version", "63616e617279" /* canary */} {
					if !strings.Contains(last, words) {
						t.Errorf("events %v says nothing of %q: %s", args, words, last)
					}
				}
			}
			asJSON := weiche(t, "events", "--json", "--data", data)
			asJSON.Expect(t, exitOK)
			if !strings.Contains(asJSON.Stdout, `"unknown":"`) || !strings.Contains(asJSON.Stdout, event.Type) {
				t.Errorf("events --json:\n%s", asJSON.Stdout)
			}
			r := weiche(t, "verify", "--data", data)
			r.Expect(t, exitFailed, event.Type, "written by a later version")

			// A backup is a copy, and needs to understand nothing. What would be made
			// of it has to be decided on.
			place, made := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "data")
			weiche(t, "backup", "--data", data, "--to", place).Expect(t, exitOK)
			master := filepath.Join(data, "keyring", "master.key")
			for _, how := range [][]string{{"--dry-run"}, nil} {
				args := append([]string{"restore", "--from", place, "--data", made, "--master-key-file", master}, how...)
				weiche(t, args...).Expect(t, exitFailed, event.Type, "written by a later version")
			}
			for _, command := range []string{"events", "verify"} {
				if r := weiche(t, command, "--data", made, "--master-key-file", master); r.Code == exitOK {
					t.Errorf("%s on what was left of a restore:\n%s", command, r.Stdout)
				}
			}
			// The version that wrote it is not needed for what is before it.
			earlier := filepath.Join(t.TempDir(), "data")
			weiche(t, "restore", "--from", place, "--data", earlier, "--master-key-file", master, "--at", fmt.Sprint(at-1)).Expect(t, exitOK)
			weiche(t, "verify", "--data", earlier, "--master-key-file", master).Expect(t, exitOK)
		})
	}
}
