package router_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/router"
)

// It is asked who a customer of Messenger is as soon as there is one, and once more by
// the next process where nobody has told; of a customer of WhatsApp it is not asked.
// What another integration says of somebody is not taken.
func TestWhoACustomerIsIsAskedUntilSomebodyTells(t *testing.T) {
	s := newStage(t)
	s.one(admin, agent("setup", "", &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_ApplySetup{ApplySetup: setUp()}}))
	asked := make(chan *ingressv1.WantedProfile, 8)
	begin := func() (end func()) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		profiles := router.ProfilesOf(s.engine, func(w *ingressv1.WantedProfile) error { asked <- w; return nil })
		done := make(chan error, 1)
		go func() { done <- profiles.Run(ctx) }()
		return func() {
			t.Helper()
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	next := func() *ingressv1.WantedProfile {
		t.Helper()
		select {
		case w := <-asked:
			return w
		case <-time.After(10 * time.Second):
			t.Fatal("nobody is asked")
			return nil
		}
	}
	messenger := channel.Source{Kind: channel.KindChannel, Account: "shop", ID: "messenger"}
	writes := func(id, psid string) {
		t.Helper()
		s.one(messenger, &ingressv1.Item{Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
			ProviderAccountId: "messenger-account", ProviderMessageId: id, SentAt: timestamppb.New(s.now),
			Sender: []*eventv1.Alias{{Kind: "psid", Value: psid}},
			Event:  &ingressv1.Inbound_Message{Message: conversation.Text("hello")},
		}}})
	}
	told := func(by, identity, name string) *ingressv1.ItemAnswer {
		t.Helper()
		from := egress
		from.ID = by
		return s.one(from, &ingressv1.Item{Kind: &ingressv1.Item_Sender{Sender: &ingressv1.SenderCommand{
			Command: &ingressv1.SenderCommand_Profile{Profile: &ingressv1.ReportProfile{IdentityId: identity, Profile: &eventv1.Profile{Name: name}}},
		}}})
	}

	end := begin()
	s.one(whatsapp, s.message("w1", "491700000067", "hello"))
	writes("m1", "5001")
	first := next()
	if first.GetChannel() != "messenger" || first.GetIntegrationId() != "messenger" || first.GetAccountId() != "shop" ||
		len(first.GetCustomer()) != 1 || first.GetCustomer()[0].GetValue() != "5001" || first.GetSince() == nil {
		t.Errorf("asked %v", first)
	}
	writes("m2", "5001") // who is known already
	end()

	s.restart()
	end = begin()
	if again := next(); again.GetIdentityId() != first.GetIdentityId() {
		t.Errorf("then asked %v", again)
	}
	if answer := told("whatsapp", first.GetIdentityId(), "Mallory"); answer.GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_REFUSED {
		t.Errorf("another integration told: %v", answer)
	}
	if answer := told("sender", first.GetIdentityId(), "Ana Lima"); answer.GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
		t.Errorf("told: %v", answer)
	}
	if answer := told("sender", first.GetIdentityId(), "Somebody Else"); answer.GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_NOTHING {
		t.Errorf("told again: %v", answer)
	}
	end()

	// Somebody new is the only one who is asked of now.
	end = begin()
	writes("m3", "5002")
	if other := next(); other.GetCustomer()[0].GetValue() != "5002" {
		t.Errorf("asked of %v, who is known", other)
	}
	end()
	if len(asked) > 1 { // as the next process finds it in the index while it comes
		t.Errorf("asked %d times more", len(asked))
	}
}

// Where nobody tells of more customers than are asked of at a time, all of them are asked
// of in turn, and those who came first keep nobody out.
func TestEverybodyIsAskedAgainInTurn(t *testing.T) {
	s := newStage(t)
	s.one(admin, agent("setup", "", &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_ApplySetup{ApplySetup: setUp()}}))
	messenger := channel.Source{Kind: channel.KindChannel, Account: "shop", ID: "messenger"}
	for n := range 2*router.AskAtATime + 10 {
		s.one(messenger, &ingressv1.Item{Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
			ProviderAccountId: "messenger-account", ProviderMessageId: fmt.Sprint("m", n), SentAt: timestamppb.New(s.now),
			Sender: []*eventv1.Alias{{Kind: "psid", Value: fmt.Sprint(5000 + n)}},
			Event:  &ingressv1.Inbound_Message{Message: conversation.Text("hello")},
		}}})
	}
	asked := map[string]int{}
	profiles := router.ProfilesOf(s.engine, func(w *ingressv1.WantedProfile) error { asked[w.GetIdentityId()]++; return nil })
	for looks, want := range []int{router.AskAtATime, 2 * router.AskAtATime, 2*router.AskAtATime + 10, 2*router.AskAtATime + 10} {
		if err := router.AskAll(t.Context(), profiles); err != nil {
			t.Fatal(err)
		}
		if len(asked) != want {
			t.Errorf("after %d looks %d were asked of, not %d", looks+1, len(asked), want)
		}
	}
	total := 0
	for _, times := range asked {
		total += times
	}
	if want := 3*router.AskAtATime + 10; total != want {
		t.Errorf("asked %d times, not %d", total, want)
	}
}
