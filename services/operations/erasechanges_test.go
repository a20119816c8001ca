package operations_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/prototext"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/router"
)

// canaries counts the events that hold a word that only a customer said.
func (s *shop) canaries(t *testing.T) (found int, kinds string) {
	t.Helper()
	for rec, err := range s.store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		event, err := router.DecodeOpened(s.keys, rec)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(prototext.Format(event.Body), "canary") {
			found++
			kinds += " " + rec.Type
		}
	}
	return found, kinds
}

// TestI32ErasedChanges erases somebody who edited, reacted, allowed and changed an
// address, also where a change still waits for its message.
func TestI32ErasedChanges(t *testing.T) {
	s, ana, _ := newShop(t)
	does := func(id string, set func(*ingressv1.Inbound)) {
		t.Helper()
		in := s.inbound("ana", id, 0)
		set(in)
		s.say(t, channel.KindChannel, "whatsapp", &ingressv1.Item{Raw: []byte("canary " + id), Kind: &ingressv1.Item_Inbound{Inbound: in}})
	}
	for _, about := range []string{"m1", "still to come"} {
		does("e "+about, func(in *ingressv1.Inbound) {
			in.Event = &ingressv1.Inbound_Edit{Edit: &ingressv1.Edit{ProviderMessageId: about, Content: conversation.Text("canary")}}
		})
		does("r "+about, func(in *ingressv1.Inbound) {
			in.Event = &ingressv1.Inbound_Reaction{Reaction: &ingressv1.Reaction{ProviderMessageId: about, Emoji: "canary"}}
		})
	}
	does("o", func(in *ingressv1.Inbound) {
		in.Event = &ingressv1.Inbound_OptIn{OptIn: &ingressv1.OptIn{Topic: "news", Payload: "canary"}}
	})
	does("a", func(in *ingressv1.Inbound) {
		in.Event = &ingressv1.Inbound_IdentityChange{IdentityChange: &ingressv1.IdentityChange{
			Type: "user_id_update", New: []*eventv1.Alias{{Kind: "bsuid", Value: "canary"}},
		}}
	})
	does("t", func(in *ingressv1.Inbound) {
		in.Event = &ingressv1.Inbound_Referral{Referral: &eventv1.Referral{Ref: "canary"}}
	})
	if found, kinds := s.canaries(t); found != 7 {
		t.Fatalf("before the erasure there are %d:%s", found, kinds)
	}
	if _, err := s.operations().EraseCustomer(t.Context(), &adminv1.EraseCustomerRequest{CustomerId: ana}); err != nil {
		t.Fatal(err)
	}
	if found, kinds := s.canaries(t); found != 0 {
		t.Errorf("I32: %d are left:%s", found, kinds)
	}

	// What waited is not said again when its message comes, by somebody new.
	s.now = s.now.Add(time.Hour)
	s.writes(t, "ana", "still to come", 0)
	if found, kinds := s.canaries(t); found != 0 {
		t.Errorf("I32: %d came back:%s", found, kinds)
	}
	if err := s.store.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}
