package conversation_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// TestAppearance shows how a widget may look, what it may say, and that the same said
// again changes nothing.
func TestAppearance(t *testing.T) {
	hours := func(zone string, times ...*eventv1.OpenTime) *eventv1.Appearance {
		return &eventv1.Appearance{Hours: &eventv1.OpeningHours{TimeZone: zone, Times: times}}
	}
	open := func(day eventv1.Weekday, from, to uint32) *eventv1.OpenTime {
		return &eventv1.OpenTime{Weekday: day, FromMinute: from, ToMinute: to}
	}
	monday := eventv1.Weekday_WEEKDAY_MONDAY
	greeting := func(language, text string) *eventv1.Appearance {
		return &eventv1.Appearance{Greeting: map[string]string{language: text}}
	}
	put := func(a *eventv1.Appearance) *conversation.ApplySetup {
		return &conversation.ApplySetup{Setup: &ingressv1.ApplySetup{Widgets: []*ingressv1.WidgetSetup{{
			Id: "widget", Site: "shop.example", Offers: []string{"whatsapp"}, Appearance: a,
		}}}}
	}
	d := newDesk(t)
	for _, good := range []*eventv1.Appearance{
		{
			Title: strings.Repeat("ü", 60), Accent: "#0b57D0", ReplyTime: eventv1.ReplyTime_REPLY_TIME_MINUTES,
			Greeting: map[string]string{"en": strings.Repeat("ü", 500), "pt-BR": "Olá\ntudo bem?"}, Away: map[string]string{"de": "Wir sind morgen wieder da."},
			Hours: hours("Europe/Berlin", open(monday, 0, 1440)).Hours,
		},
		hours("Europe/Berlin"),
		nil,
	} {
		d.expect(d.give(put(good)), "WidgetConfigured")
		d.expect(d.give(put(good)), "")
		if known := d.state.Account(account).Widgets["widget"].Config.GetAppearance(); !proto.Equal(known, good) {
			t.Errorf("known is %v, said was %v", known, good)
		}
	}
	for what, bad := range map[string]*eventv1.Appearance{
		"a long title":              {Title: strings.Repeat("u", 61)},
		"a title of two lines":      {Title: "a\nb"},
		"a colour by name":          {Accent: "red"},
		"a short colour":            {Accent: "#fff"},
		"a colour of no digits":     {Accent: "#00000g"},
		"a colour with more":        {Accent: "#000000;}"},
		"a reply time of no kind":   {ReplyTime: 9},
		"a greeting in no language": greeting("e n", "Hello"),
		"a greeting in no tag":      greeting("", "Hello"),
		"an empty greeting":         greeting("en", " "),
		"a long greeting":           greeting("en", strings.Repeat("u", 501)),
		"a greeting that rings":     greeting("en", "Hello\a"),
		"a long word for away":      {Away: map[string]string{"en": strings.Repeat("u", 501)}},
		"hours in no zone":          hours("", open(monday, 0, 60)),
		"a time of no day":          hours("UTC", open(0, 0, 60)),
		"an eighth day":             hours("UTC", open(8, 0, 60)),
		"a time of no length":       hours("UTC", open(monday, 60, 60)),
		"a time past midnight":      hours("UTC", open(monday, 60, 1441)),
		"a time backwards":          hours("UTC", open(monday, 120, 60)),
	} {
		d.refused(put(bad), invalid)
		if t.Failed() {
			t.Fatal(what)
		}
	}
	many := make([]*eventv1.OpenTime, 51)
	for at := range many {
		many[at] = open(monday, uint32(at), uint32(at)+1)
	}
	d.refused(put(hours("UTC", many...)), invalid)
}
