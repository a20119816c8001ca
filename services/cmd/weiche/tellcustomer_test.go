package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

func TestTellCustomer(t *testing.T) {
	since := timestamppb.New(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	said := tellView(&viewv1.Customer{
		CustomerId: "ana", CreatedAt: since,
		Identities: []*viewv1.Identity{
			{
				IdentityId: "i1", IntegrationId: "wa", Channel: "whatsapp", Unconfirmed: true,
				Profile: &eventv1.Profile{Name: "Ana"}, Aliases: []*eventv1.Alias{{Kind: "phone", Value: "15550100"}},
			},
			{IdentityId: "i2", IntegrationId: "ms", Channel: "messenger", Erased: true},
		},
		Conversations: []*viewv1.CustomerConversation{{ConversationId: "c1", WidgetId: "shop-web", StartedAt: since}},
		Linked: []*viewv1.LinkedCustomer{{
			CustomerId: "ann", AgentId: "kim", Conversations: []*viewv1.CustomerConversation{{ConversationId: "c2", StartedAt: since}},
		}},
		Conflicts: []*viewv1.AliasConflict{{IdentityId: "i1", OtherCustomerId: "bo"}, {IdentityId: "i2", OtherCustomerId: "cy", Decided: true}},
	})
	want := `customer ana, since 2026-03-01T12:00:00Z
identity i1  [whatsapp] wa, Ana, phone 15550100, not confirmed
identity i2  [messenger] ms, (erased)
conversation c1, since 2026-03-01T12:00:00Z, in the widget shop-web
the same person as customer ann, by kim
  conversation c2, since 2026-03-01T12:00:00Z
an address of identity i1 leads to customer bo too (nobody has decided)
an address of identity i2 leads to customer cy too (decided)
`
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
	if said := tellView(&viewv1.Customer{CustomerId: "ana", CreatedAt: since, Erased: true, ErasedAt: since}); said !=
		"customer ana, since 2026-03-01T12:00:00Z\nerased at 2026-03-01T12:00:00Z\n" {
		t.Error(said)
	}
}
