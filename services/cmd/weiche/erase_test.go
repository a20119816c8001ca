package main

import (
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/keyring"
	"weiche/services/programtest"
)

// TestI32Erasure has two people write what can be searched for, by the real program
// over HTTP, and erases one of them. Then it looks for what is left in every file.
func TestI32Erasure(t *testing.T) {
	s := newShop(t)
	customers := map[string]string{}
	for _, person := range people {
		customers[person] = s.play(t, person)
	}
	s.stop(t)
	for _, person := range people {
		for _, said := range canaries(person) {
			if files := inFiles(t, s.data, []byte(said)); len(files) > 0 {
				t.Errorf("%q stands in clear in %v", said, files)
			}
		}
	}
	ana := keysOf(t, s.data, customers["ana"])
	if len(ana.keys) != 2 {
		t.Fatalf("%d keys, and one for the page and one for the phone are due", len(ana.keys))
	}
	if found := left(t, s.data, ana); len(found) < len(ana.bytes)/2 {
		t.Fatalf("before the erasure nothing is found: %q", found)
	}

	// The control: everything but the keys goes, as after a kill at this point.
	control := copied(t, s.data)
	notDestroyed(t, control, customers["ana"])
	found := left(t, control, ana)
	for _, kind := range []string{"bytes 0", "can be opened"} {
		if !slices.ContainsFunc(found, func(finding string) bool { return strings.Contains(finding, kind) }) {
			t.Errorf("keys that were not destroyed are not found (%s): %q", kind, found)
		}
	}
	// The next start completes it, whoever starts.
	weiche(t, "events", "--data", control).Expect(t, exitOK)
	if found := left(t, control, ana); len(found) > 0 {
		t.Errorf("after a kill and a start: %q", found)
	}

	// A dry run and a question first, by the running server.
	s.start(t)
	dry := weiche(t, "erase", customers["ana"], "--data", s.data, "--dry-run")
	dry.Expect(t, exitOK)
	if want := fmt.Sprintf("customer %s: 1 conversation, 2 identities, 2 keys", customers["ana"]); !strings.Contains(dry.Stdout, want) {
		t.Errorf("the dry run says %q", dry.Stdout)
	}
	weiche(t, "erase", customers["ana"], "--data", s.data).Expect(t, exitUsage, "--yes")
	weiche(t, "erase", "nobody", "--data", s.data, "--yes").Expect(t, exitNotFound)
	erased := weiche(t, "erase", customers["ana"], "--data", s.data, "--yes")
	erased.Expect(t, exitOK)
	if !strings.Contains(erased.Stdout, "erased, up to position") {
		t.Errorf("erase says %q", erased.Stdout)
	}
	s.stop(t)
	if found := left(t, s.data, ana); len(found) > 0 {
		t.Errorf("I32: of the erased customer there is left: %q", found)
	}
	verified(t, s.data)
	if found := left(t, s.data, ana); len(found) > 0 {
		t.Errorf("I32: after a rebuild: %q", found)
	}

	// Again, without a server: nothing is left to do.
	again := weiche(t, "erase", customers["ana"], "--data", s.data, "--yes")
	again.Expect(t, exitOK)
	if !strings.Contains(again.Stdout, "was erased before") {
		t.Errorf("erase says %q", again.Stdout)
	}
}

// TestI32Unsend takes a message back over a real webhook. Its ciphertext leaves the
// files of the log while the program runs.
func TestI32Unsend(t *testing.T) {
	s := newShop(t)
	const person = "40001"
	s.instagram(t, person, map[string]any{"mid": "m.canary", "text": "canary-unsent"})
	s.instagram(t, person, map[string]any{"mid": "m.stays", "text": "canary-stays"})
	s.stop(t)
	secret, stays := ciphertextOf(t, s.data, "canary-unsent"), ciphertextOf(t, s.data, "canary-stays")
	log, views := filepath.Join(s.data, "log"), filepath.Join(s.data, "views")
	if len(inFiles(t, log, secret)) == 0 || len(inFiles(t, views, secret)) == 0 {
		t.Fatal("the search does not find what is there")
	}
	s.start(t)
	s.instagram(t, person, map[string]any{"mid": "m.canary", "is_deleted": true})
	unsent := eventOf(t, s, func(e *eventv1.MessageUnsent) bool { return true })
	if len(unsent.GetContentEventIds()) != 1 {
		t.Errorf("the unsend names %q", unsent.GetContentEventIds())
	}
	eventually(t, "the ciphertext to leave the log", func() bool { return len(inFiles(t, log, secret)) == 0 }, func() string {
		return fmt.Sprint(inFiles(t, log, secret), "\n", &s.p.Stderr)
	})
	eventually(t, "the ciphertext to leave the views", func() bool { return len(inFiles(t, views, secret)) == 0 }, func() string {
		return fmt.Sprint(inFiles(t, views, secret), "\n", &s.p.Stderr)
	})
	s.stop(t)
	if files := inFiles(t, s.data, secret); len(files) > 0 {
		t.Errorf("what was taken back is in %v", files)
	}
	if len(inFiles(t, log, stays)) == 0 {
		t.Error("the other message is gone too")
	}
	verified(t, s.data)
}

// TestI32KilledErasures kills the real program, by SIGKILL, as soon as the ledger has
// an erasure or a moment later. The next start carries it out.
func TestI32KilledErasures(t *testing.T) {
	s := newShop(t)
	kills := 6
	for n := range kills {
		s.whatsapp(t, fmt.Sprint(15_550_107_000+n), "Somebody", text(fmt.Sprint("wamid.", n), "hello"))
	}
	var customers []string
	for _, body := range s.events(t) {
		if e, ok := body.(*eventv1.CustomerCreated); ok {
			customers = append(customers, e.GetCustomerId())
		}
	}
	s.stop(t)
	underWay, before := 0, map[string]bool{}
	for n, customer := range customers {
		by := keysOf(t, s.data, customer)
		by.before = maps.Clone(before)
		maps.Copy(before, by.keys)
		p := programtest.Launch(t, "(x)", program(t), "erase", customer, "--yes", "--data", s.data)
		eventually(t, "the ledger", func() bool {
			return len(inFiles(t, filepath.Join(s.data, "keyring", "store"), []byte(customer))) > 0
		}, p.Stderr.String)
		<-time.After(time.Duration(n) * time.Millisecond) // each is killed at another place
		p.Kill()
		if pending(t, s.data) {
			underWay++
		}
		weiche(t, "events", "--data", s.data).Expect(t, exitOK)
		if pending(t, s.data) {
			t.Errorf("kill %d: the erasure is not done after a start", n)
		}
		if n == len(customers)-1 {
			weiche(t, "verify", "--data", s.data).Expect(t, exitOK)
			break // nobody else is left whose content could be opened
		}
		if found := left(t, s.data, by); len(found) > 0 {
			t.Errorf("kill %d: there is left %q", n, found)
		}
	}
	if len(customers) != kills || underWay == 0 {
		t.Errorf("of %d erasures no kill hit one under way", len(customers))
	}
	t.Logf("%d of %d kills hit an erasure under way", underWay, kills)
}

// pending reports whether the ledger of a folder has an erasure that is not done.
func pending(t *testing.T, data string) bool {
	t.Helper()
	keys, err := keyring.Open(filepath.Join(data, "keyring"), keyring.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	return keys.ErasuresPending()
}
