package broker_test

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
)

// TestI31Adopt has routers of the same log and of another take over a server that
// goes on. Only the other one finds it empty.
func TestI31Adopt(t *testing.T) {
	server := listen(t, t.TempDir(), -1, 8<<20)
	conn, err := nats.Connect(server.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	open := func(incarnation string) *broker.Broker {
		t.Helper()
		b := start(t, broker.Config{URL: server.ClientURL()})
		if err := b.Adopt(soon(t), incarnation); err != nil {
			t.Fatal(err)
		}
		return b
	}
	waiting := func() (messages int) {
		t.Helper()
		for _, name := range []string{"EGRESS", "EVENTS"} {
			stream, err := js.Stream(soon(t), name)
			if err != nil {
				t.Fatal(err)
			}
			messages += int(stream.CachedInfo().State.Msgs)
		}
		return messages
	}
	b := open("first")
	if err := b.PublishSend(soon(t), &ingressv1.Send{SendId: "s", AccountId: "shop", IntegrationId: "i", Channel: "whatsapp"}); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := b.LastEvent(soon(t)); err != nil {
		t.Fatal(err)
	}
	if err := b.PublishEvent(soon(t), broker.Event{
		Account: "shop", Category: "conversation", ID: "c", Incarnation: "first", Position: 1, Version: 1, Sequence: 1,
	}); err != nil {
		t.Fatal(err)
	}
	b.Close()
	if n := waiting(); n != 2 {
		t.Fatalf("%d messages wait, want 2", n)
	}
	open("first").Close()
	if n := waiting(); n != 2 {
		t.Errorf("the same log finds %d messages, want 2", n)
	}
	// Who only connects changes nothing.
	start(t, broker.Config{URL: server.ClientURL()}).Close()
	if n := waiting(); n != 2 {
		t.Errorf("an adapter leaves %d messages, want 2", n)
	}
	open("first").Close()
	if n := waiting(); n != 2 {
		t.Errorf("after an adapter the same log finds %d messages, want 2", n)
	}
	other := open("second")
	if n := waiting(); n != 0 {
		t.Errorf("another log finds %d messages, want none", n)
	}
	if _, _, ok, err := other.LastEvent(soon(t)); ok || err != nil {
		t.Errorf("EVENTS has a last event of another log: %v", err)
	}
}
