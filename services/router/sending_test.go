package router_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
	"weiche/services/router"
)

// Sends are relayed several at a time: as long as one of them is not held up, what is
// said to others goes on.
func TestSendsThatHangHoldUpNobody(t *testing.T) {
	r := newRelayed(t)
	b := startBroker(t)
	// What is unclaimed at the start is relayed by another loop: once this is, that
	// loop waits.
	r.write(t, "in-start", "start")
	relay := router.NewRelay(r.engine, b, nil)
	begun, ended, release := make(chan string, 100), make(chan string, 100), make(chan struct{})
	router.SendVia(relay, func(send *ingressv1.Send) {
		text, _ := conversation.PlainText(send.GetContent())
		begun <- text
		if strings.HasPrefix(text, "slow ") {
			<-release
		}
		ended <- text
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- relay.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	next := func(of <-chan string) string {
		t.Helper()
		select {
		case text := <-of:
			return text
		case <-time.After(10 * time.Second):
			t.Fatal("nothing is relayed")
			return ""
		}
	}
	if got := next(ended); got != "start" {
		t.Fatalf("%q is relayed at the start", got)
	}

	const slow, others = router.RelayAtATime - 1, 50
	for at := range slow {
		r.writeTo(t, fmt.Sprint(15550100200+at), fmt.Sprint("slow-", at), fmt.Sprint("slow ", at))
	}
	for at := range others {
		r.writeTo(t, fmt.Sprint(15550100300+at), fmt.Sprint("other-", at), fmt.Sprint("other ", at))
	}
	for at := range others {
		if got, want := next(ended), fmt.Sprint("other ", at); got != want {
			t.Errorf("%q is relayed instead of %q", got, want)
		}
	}
	close(release)
	for range slow {
		next(ended)
	}
	if got, want := len(begun), 1+slow+others; got != want {
		t.Errorf("%d sends were relayed, not %d", got, want)
	}
}

// A server that does not answer holds up no relay for ever: what it did not take is
// relayed again, be it new or unclaimed since before.
func TestI04SendsThatAreNotAnsweredAreRelayedAgain(t *testing.T) {
	r := newRelayed(t)
	b := startBroker(t)
	r.write(t, "in-before", "before")
	relay := router.NewRelay(r.engine, b, nil)
	given := router.Unanswered(relay, 2, 50*time.Millisecond)
	running(t, relay.Run)
	r.writeTo(t, "15550100888", "in-new", "new")
	for range 2 {
		select {
		case <-given:
		case <-time.After(10 * time.Second):
			t.Fatal("a send that is not answered is waited for")
		}
	}
	for again := map[string]bool{}; !again["before"] || !again["new"]; {
		text, _ := conversation.PlainText(nextSend(t, b).GetContent())
		again[text] = true
	}
}

// What a sender gets is what the provider calls the integration now, also where it was
// connected anew since the last send.
func TestSendersGetTheConnectionOfNow(t *testing.T) {
	s := newStage(t)
	hello := s.one(whatsapp, s.message("wamid.hello", "491700000067", "hello"))
	s.one(admin, agent("", hello.GetConversationId(), &ingressv1.AgentCommand{
		Command: &ingressv1.AgentCommand_SendReply{SendReply: &ingressv1.SendReply{Content: conversation.Text("hello Ana")}},
	}))
	requests := bodies[*eventv1.SendRequested](s)
	if len(requests) != 1 {
		t.Fatalf("%d sends of one reply", len(requests))
	}
	for _, want := range []string{"whatsapp-account", "whatsapp-account-2", "whatsapp-account"} {
		setup := setUp()
		setup.Integrations[0].ProviderAccountId = want
		s.one(admin, agent("", "", &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_ApplySetup{ApplySetup: setup}}))
		send, err := router.SendOf(t.Context(), s.engine, "shop", requests[0])
		if err != nil {
			t.Fatal(err)
		}
		if got := send.GetProviderAccountId(); got != want {
			t.Errorf("a reply is sent from %s, and the integration is %s", got, want)
		}
	}
}
