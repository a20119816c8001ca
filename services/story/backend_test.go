package story_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

// TestBackendsInRoles has a back end ask where each role is a process of its own, and all
// of them have no more than they need.
func TestBackendsInRoles(t *testing.T) {
	roles := startSplit(t, "--integrator", "shop/crm")
	r := roles.start(t, "http://127.0.0.1:1")
	seed, err := nats.NkeyOptionFromSeed(filepath.Join(roles.keys, "integrator.shop.crm.nk"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := nats.Connect(roles.nats, seed, nats.CustomInboxPrefix("_INBOX.integrator.shop.crm"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for patience := time.Now().Add(30 * time.Second); ; {
		answer, err := conn.Request("api.shop.crm.workspace.GetMe", []byte(`{}`), 10*time.Second)
		if errors.Is(err, nats.ErrNoResponders) && time.Now().Before(patience) {
			continue // nobody is there yet
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, r.said())
		}
		// There is no such key: the question has been all the way to who knows that.
		if code := answer.Header.Get(micro.ErrorCodeHeader); code != "unauthenticated" {
			t.Errorf("%v %s", answer.Header, answer.Data)
		}
		return
	}
}
