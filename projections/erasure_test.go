package projections

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// TestErasedIsGoneInThePastToo erases a customer and looks at what was before, by
// views that have folded it and by those of a time when it had not happened.
func TestErasedIsGoneInThePastToo(t *testing.T) {
	log := newLog("one")
	v := open(t, vfs.NewMem(), log)
	running(t, v, log)
	log.add("customer", "ana", &eventv1.CustomerCreated{CustomerId: "ana"})
	log.add("identity", "p", &eventv1.IdentityCreated{
		IdentityId: "p", CustomerId: "ana", IntegrationId: "whatsapp", Channel: "whatsapp",
		Aliases: []*eventv1.AliasHash{{Kind: "phone", Hash: []byte("h")}},
		Sealed:  &eventv1.IdentityCreated_Sealed{Aliases: []*eventv1.Alias{{Kind: "phone", Value: "1"}}},
	})
	before := log.Durable()
	for _, conversation := range []string{"c1", "c2"} {
		log.add("conversation", conversation, &eventv1.ConversationStarted{ConversationId: conversation, CustomerId: "ana"})
		log.add("conversation", conversation, &eventv1.ChannelBound{
			ConversationId: conversation, IdentityId: "p", IntegrationId: "whatsapp", Channel: "whatsapp",
		})
		log.add("conversation", conversation, &eventv1.RouteChanged{ConversationId: conversation, RouteVersion: 1, IdentityIds: []string{"p"}})
		log.add("conversation", conversation, &eventv1.MessageReceived{
			ConversationId: conversation, MessageId: "m" + conversation, CustomerId: "ana", IdentityId: "p",
			IntegrationId: "whatsapp", Channel: "whatsapp", Sealed: &eventv1.MessageReceived_Sealed{Content: text("hello")},
		})
	}
	past := log.Durable()
	view, err := AsOf(log, past, log.keys.open).Timeline(t.Context(), "acme", "c1", Page{})
	if err != nil || len(view.GetItems()) < 3 {
		t.Fatalf("before the erasure: %v, %v", view, err)
	}
	log.add("conversation", "c1", &eventv1.ConversationErased{ConversationId: "c1", CustomerId: "ana"})
	log.add("identity", "p", &eventv1.IdentityErased{IdentityId: "p", CustomerId: "ana"})
	log.add("customer", "ana", &eventv1.CustomerErased{CustomerId: "ana"})
	if err := v.WaitFor(t.Context(), log.Durable()); err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]reads{"now": v, "in the past": AsOf(log, past, log.keys.open)} {
		timeline, err := read.Timeline(t.Context(), "acme", "c1", Page{})
		if err != nil || len(timeline.GetItems()) != 1 ||
			timeline.GetItems()[0].GetSystem().GetKind() != viewv1.SystemLineKind_SYSTEM_LINE_KIND_ERASED {
			t.Errorf("%s the timeline is %v, %v", name, timeline, err)
		}
		if channel, err := read.Channel(t.Context(), "acme", "c1", "whatsapp"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s the channel is %v, %v", name, channel, err)
		}
		route, err := read.Route(t.Context(), "acme", "c1")
		if err != nil || len(route.GetBindings())+len(route.GetOthers()) > 0 || route.GetCustomerId() != "ana" {
			t.Errorf("%s the route is %v, %v", name, route, err)
		}
		card, err := read.Customer(t.Context(), "acme", "ana")
		if err != nil || !card.GetErased() || card.GetErasedAt() == nil || len(card.GetIdentities()) > 0 || len(card.GetConversations()) != 2 {
			t.Errorf("%s the card is %v, %v", name, card, err)
		}
		other, err := read.Timeline(t.Context(), "acme", "c2", Page{})
		if err != nil || len(other.GetItems()) < 3 {
			t.Errorf("%s the other conversation is %v, %v", name, other, err)
		}
	}
	if _, err := v.Identity(t.Context(), "acme", "p"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the identity: %v", err)
	}
	// What had not begun then is not there, erased or not.
	if view, err := AsOf(log, before, log.keys.open).Timeline(t.Context(), "acme", "c1", Page{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("before it began: %v, %v", view, err)
	}
	rebuiltEqualsLive(t, v, log)
}

// The names of an erased customer's identities are in no file any more after a
// Purge: neither those under the customer nor those under another, from whom an
// identity was moved before.
func TestI32PurgeRemovesNamesOfErasedIdentities(t *testing.T) {
	fs := vfs.NewMem()
	log := newLog("one")
	v := open(t, fs, log)
	running(t, v, log)
	flushed := func() {
		t.Helper()
		if err := v.WaitFor(t.Context(), log.Durable()); err != nil {
			t.Fatal(err)
		}
		if err := v.db.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.NewChaCha8([32]byte{2})
	var secrets [][]byte
	var events []string
	for _, id := range []string{"ana", "old"} {
		log.add("customer", id, &eventv1.CustomerCreated{CustomerId: id})
		name := make([]byte, 600)
		_, _ = r.Read(name)
		for i := range name {
			name[i] &= 0x7f
		}
		rec := log.add("identity", "p-"+id, &eventv1.IdentityCreated{
			IdentityId: "p-" + id, CustomerId: id, IntegrationId: "whatsapp", Channel: "whatsapp",
			Aliases: []*eventv1.AliasHash{{Kind: "phone", Hash: []byte(id)}},
			Sealed:  &eventv1.IdentityCreated_Sealed{Aliases: []*eventv1.Alias{{Kind: "phone", Value: string(name)}}},
		})
		secrets, events = append(secrets, bytes.Clone(rec.Sealed[:64])), append(events, rec.ID)
	}
	flushed()
	if err := v.Purge(t.Context()); err != nil { // of what was built at first
		t.Fatal(err)
	}
	log.add("identity", "p-old", &eventv1.IdentityMoved{IdentityId: "p-old", FromCustomerId: "old", ToCustomerId: "ana"})
	flushed()
	log.add("identity", "p-ana", &eventv1.IdentityErased{IdentityId: "p-ana", CustomerId: "ana"})
	log.add("identity", "p-old", &eventv1.IdentityErased{IdentityId: "p-old", CustomerId: "ana"})
	log.add("customer", "ana", &eventv1.CustomerErased{CustomerId: "ana"})
	for _, id := range events {
		log.redact(id)
	}
	flushed()
	for n, secret := range secrets {
		if filesWith(t, fs, secret) == 0 {
			t.Fatalf("ciphertext %d is gone before Purge, so the test shows nothing", n)
		}
	}
	if err := v.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n, secret := range secrets {
		if with := filesWith(t, fs, secret); with > 0 {
			t.Errorf("ciphertext %d is in %d files after Purge", n, with)
		}
	}
	rebuiltEqualsLive(t, v, log)
}
