package broker_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"weiche/services/broker"
)

// serving has a broker serve back ends until the test ends, and returns a connection.
func serving(t *testing.T, config broker.Config, answer func(context.Context, broker.BackendCall) broker.BackendReply) *nats.Conn {
	t.Helper()
	b := start(t, config)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.ServeBackends(ctx, answer) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return raw(t, config.URL)
}

// inboxOf is where the answers to a back end come.
func inboxOf(account, name, rest string) string {
	return "_INBOX.integrator." + account + "." + name + "." + rest
}

// asking asks as a back end does, until somebody is there.
func asking(t *testing.T, conn *nats.Conn, msg *nats.Msg, reply string) *nats.Msg {
	t.Helper()
	answers, err := conn.SubscribeSync(reply)
	if err != nil {
		t.Fatal(err)
	}
	defer answers.Unsubscribe()
	for {
		msg.Reply = reply
		if err := conn.PublishMsg(msg); err != nil {
			t.Fatal(err)
		}
		got, err := answers.NextMsgWithContext(soon(t))
		if errors.Is(err, nats.ErrNoResponders) {
			continue // nobody is there yet
		}
		if err != nil {
			t.Fatalf("%s: %v", msg.Subject, err)
		}
		return got
	}
}

func TestBackendCalls(t *testing.T) {
	s := listen(t, t.TempDir(), -1, 8<<20)
	defer stop(s)
	conn := serving(t, broker.Config{URL: s.ClientURL()}, func(ctx context.Context, call broker.BackendCall) broker.BackendReply {
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > 10*time.Second {
			t.Error("a call may take for ever")
		}
		switch string(call.Data) {
		case "fail":
			return broker.BackendReply{Code: "not_found", Description: "not\nfound", RetryAfter: "1", ContentType: "application/json", Data: []byte(`{"reason":"REASON_NOT_FOUND"}`)}
		case "much":
			return broker.BackendReply{Data: make([]byte, 8<<20)}
		}
		return broker.BackendReply{ContentType: call.ContentType, Data: fmt.Appendf(nil, "%s %s %s %s %s %s",
			call.Account, call.Backend, call.Service, call.Method, call.IdempotencyKey, call.Data)}
	})
	call := func(data string) *nats.Msg {
		return asking(t, conn, &nats.Msg{
			Subject: "api.shop.crm.workspace.SendReply", Data: []byte(data),
			Header: nats.Header{"Content-Type": {"application/proto"}, "Idempotency-Key": {"k1"}},
		}, inboxOf("shop", "crm", "1"))
	}
	if got := call("hello"); string(got.Data) != "shop crm workspace SendReply k1 hello" || got.Header.Get("Content-Type") != "application/proto" || got.Header.Get(micro.ErrorHeader) != "" {
		t.Errorf("%v %s", got.Header, got.Data)
	}
	if got := call("fail"); got.Header.Get(micro.ErrorCodeHeader) != "not_found" || got.Header.Get(micro.ErrorHeader) != "not found" ||
		got.Header.Get("Retry-After") != "1" || string(got.Data) != `{"reason":"REASON_NOT_FOUND"}` {
		t.Errorf("%v %s", got.Header, got.Data)
	}
	for _, much := range []string{"much", string(make([]byte, broker.MaxCall+1))} {
		if got := call(much); got.Header.Get(micro.ErrorCodeHeader) != "resource_exhausted" {
			t.Errorf("%d bytes: %v", len(much), got.Header)
		}
	}
}

// A call is answered where its back end listens, and nowhere else: otherwise who may ask
// could have the server's own users speak for it.
func TestBackendCallsAreAnsweredToTheirOwnInbox(t *testing.T) {
	s := listen(t, t.TempDir(), -1, 8<<20)
	defer stop(s)
	carried := make(chan string, 16)
	conn := serving(t, broker.Config{URL: s.ClientURL()}, func(_ context.Context, call broker.BackendCall) broker.BackendReply {
		carried <- string(call.Data)
		return broker.BackendReply{}
	})
	asking(t, conn, &nats.Msg{Subject: "api.shop.crm.workspace.SendReply", Data: []byte("ready")}, inboxOf("shop", "crm", "1"))
	heard, err := conn.SubscribeSync(">")
	if err != nil {
		t.Fatal(err)
	}
	for _, reply := range []string{
		"", "ingress.0.api.shop.workspace", "_INBOX.api.1", inboxOf("shop", "other", "1"), inboxOf("other", "crm", "1"),
		"_INBOX.integrator.shop.crm", "_INBOX.integrator.shop.crm.", inboxOf("shop", "crm", "*"),
	} {
		if err := conn.PublishMsg(&nats.Msg{Subject: "api.shop.crm.workspace.SendReply", Reply: reply, Data: []byte("wrong: " + reply)}); err != nil {
			t.Fatal(err)
		}
	}
	asking(t, conn, &nats.Msg{Subject: "api.shop.crm.workspace.SendReply", Data: []byte("last")}, inboxOf("shop", "crm", "2"))
	for {
		said := <-carried
		if said == "last" {
			break
		}
		if said != "ready" {
			t.Errorf("carried out: %s", said)
		}
	}
	for {
		msg, err := heard.NextMsg(200 * time.Millisecond)
		if err != nil {
			return
		}
		if msg.Subject != "api.shop.crm.workspace.SendReply" && len(msg.Data) == 0 && msg.Header.Get("Status") == "" &&
			msg.Subject != inboxOf("shop", "crm", "1") && msg.Subject != inboxOf("shop", "crm", "2") {
			t.Errorf("an answer on %s", msg.Subject)
		}
	}
}

// A back end that asks for much is told so, and the others are answered all the same.
func TestBackendsShareWhatIsAnswered(t *testing.T) {
	s := listen(t, t.TempDir(), -1, 8<<20)
	defer stop(s)
	hold := make(chan struct{})
	conn := serving(t, broker.Config{URL: s.ClientURL()}, func(_ context.Context, call broker.BackendCall) broker.BackendReply {
		if string(call.Data) == "slow" {
			<-hold
		}
		return broker.BackendReply{}
	})
	subject := func(name string) string { return "api.shop." + name + ".workspace.SendReply" }
	asking(t, conn, &nats.Msg{Subject: subject("crm")}, inboxOf("shop", "crm", "ready"))
	answers, err := conn.SubscribeSync(inboxOf("shop", "crm", "many"))
	if err != nil {
		t.Fatal(err)
	}
	const many = 40
	for range many {
		if err := conn.PublishRequest(subject("crm"), inboxOf("shop", "crm", "many"), []byte("slow")); err != nil {
			t.Fatal(err)
		}
	}
	busy := 0
	for range many - 16 {
		got, err := answers.NextMsgWithContext(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		if got.Header.Get(micro.ErrorCodeHeader) == "unavailable" && got.Header.Get("Retry-After") == "1" {
			busy++
		}
	}
	if busy != many-16 {
		t.Errorf("%d were told that it is too much", busy)
	}
	if got := asking(t, conn, &nats.Msg{Subject: subject("other")}, inboxOf("shop", "other", "1")); got.Header.Get(micro.ErrorCodeHeader) != "" {
		t.Errorf("another back end is told %v", got.Header)
	}
	close(hold)
	for range 16 {
		if got, err := answers.NextMsgWithContext(soon(t)); err != nil || got.Header.Get(micro.ErrorCodeHeader) != "" {
			t.Errorf("%v, %v", got, err)
		}
	}
}
