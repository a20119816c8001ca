package api_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/services/api"
	"weiche/services/channel"
	"weiche/services/conversation"
)

// How a widget looks and what it says reaches pages that open it, and those that are
// open; whether somebody is there goes by the server's clock.
func TestAppearanceReachesPages(t *testing.T) {
	afternoon := time.Date(2030, 3, 29, 15, 0, 0, 0, time.UTC) // a Friday, 16:00 in Berlin
	var later atomic.Int64
	s := newStage(t, func(c *api.Config) {
		c.Now = func() time.Time { return afternoon.Add(time.Duration(later.Load())) }
	})
	before := s.must(t, widgetService+"OpenSession", "", `{"widgetId":"shop"}`)
	if before.get("widget.appearance") != nil || before.get("widget.openUntil") != nil || before.get("widget.awayUntil") != nil {
		t.Errorf("before: %v", before.values)
	}
	ana := s.socket(t, "weiche.v1.json", shopPage, before.text("sessionToken"))
	ana.follow(1, own)
	ana.caughtUp(1)
	put := s.must(t, adminService+"PutWidget", s.admin(), `{"accountId":"acme","clientToken":"w1","widget":{"id":"shop","site":"Acme Shop",
		"origins":["https://shop.example"],"languages":["en","de"],"offers":["wa"],"appearance":{"title":"Acme","accent":"#0b57d0","replyTime":"REPLY_TIME_HOURS",
		"greeting":{"en":"Hello","de":"Hallo"},"away":{"en":"Back on Monday"},
		"hours":{"timeZone":"Europe/Berlin","times":[{"weekday":"WEEKDAY_MONDAY","fromMinute":540,"toMinute":1020},{"weekday":"WEEKDAY_FRIDAY","fromMinute":540,"toMinute":1020}]}}}}`)
	if put.text("widget.appearance.greeting.de") != "Hallo" || put.text("widget.appearance.hours.timeZone") != "Europe/Berlin" {
		t.Errorf("put %v", put.values)
	}
	told := ana.until(func(f *streamv1.SubscribeResponse) bool { return f.GetChange().GetWidget().GetAppearance() != nil }).GetChange().GetWidget()
	if told.GetAppearance().GetTitle() != "Acme" || told.GetOpenUntil().AsTime() != afternoon.Add(time.Hour) || told.GetAwayUntil() != nil {
		t.Errorf("a page that is open is told %v", told)
	}
	// The clock is put forward before it opens again.
	later.Store(int64(time.Hour))
	after := s.must(t, widgetService+"GetTimeline", before.text("sessionToken"), `{}`)
	if after.text("widget.appearance.accent") != "#0b57d0" || after.text("widget.awayUntil") != "2030-04-01T07:00:00Z" || after.get("widget.openUntil") != nil {
		t.Errorf("after hours: %v", after.get("widget"))
	}
	s.want(t, "invalid_argument", "INVALID", adminService+"PutWidget", s.admin(),
		`{"accountId":"acme","clientToken":"w2","widget":{"id":"shop","appearance":{"hours":{"timeZone":"Europe/Nowhere"}}}}`)
	s.want(t, "invalid_argument", "INVALID", adminService+"PutWidget", s.admin(),
		`{"accountId":"acme","clientToken":"w3","widget":{"id":"shop","appearance":{"accent":"blue"}}}`)
}

// A linked channel shows so much of the customer's account there that they know it
// again, and where its chat is.
func TestALinkedChannelSaysWhichAccount(t *testing.T) {
	for name, profile := range map[string]struct {
		profile string
		hint    string
	}{
		"a user name":       {`{"username":"ana.lopez"}`, "@a…z"},
		"a short user name": {`{"username":"ana"}`, ""},
		"nothing":           {`{"name":"Ana"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			s.setup(t, "acme", `{"widgets":[{"id":"shop","site":"Acme Shop","origins":["https://shop.example"],"confirmation":"CONFIRMATION_IMMEDIATE","offers":["page"]}]}`)
			ana := s.visitor(t, "shop")
			asked := s.must(t, widgetService+"RequestLink", ana, `{"integrationId":"page","clientToken":"1"}`)
			if unlinked := asked.get("widget.channels.0.url"); unlinked != nil {
				t.Errorf("before: %v", unlinked)
			}
			known := &eventv1.Profile{}
			if err := protojson.Unmarshal([]byte(profile.profile), known); err != nil {
				t.Fatal(err)
			}
			answer, err := s.give(t.Context(), channel.Source{Kind: channel.KindChannel, Account: "acme", ID: "page"},
				&ingressv1.Batch{Items: []*ingressv1.Item{{Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
					ProviderAccountId: "200", ProviderMessageId: "m_1", SentAt: timestamppb.New(time.Now()), Profile: known,
					Sender: []*eventv1.Alias{{Kind: "psid", Value: "4711"}},
					Event:  &ingressv1.Inbound_Message{Message: conversation.Text(asked.text("link.code"))},
				}}}}})
			if err != nil || answer.GetItems()[0].GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
				t.Fatalf("%v, %v", answer, err)
			}
			if err := s.views.WaitFor(t.Context(), s.store.Durable()); err != nil {
				t.Fatal(err)
			}
			shown := s.must(t, widgetService+"GetTimeline", ana, `{}`)
			if got := fmt.Sprint(shown.get("widget.channels.0.linked"), " ", shown.text("widget.channels.0.hint"), " ", shown.text("widget.channels.0.url")); got != "true "+profile.hint+" https://m.me/acme" {
				t.Errorf("shown is %s", got)
			}
		})
	}
}
