package whatsapp

import (
	"strings"
	"testing"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel/channeltest"
	"weiche/services/meta"
)

func TestRead(t *testing.T) {
	channeltest.Story(t, "testdata", Reader{}, meta.ErrNoWebhook, func(i *ingressv1.Item) any { return meta.Describe(i) })
}

// TestLongLists shows that a message with a list beyond all bounds is a placeholder.
func TestLongLists(t *testing.T) {
	for _, tc := range []struct {
		count int
		shown bool
	}{{meta.MaxList, true}, {meta.MaxList + 1, false}} {
		body := `{"object":"whatsapp_business_account","entry":[{"id":"2000","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"2001"},` +
			`"messages":[{"from":"15550100001","id":"wamid.1","timestamp":"1767225600","type":"contacts","contacts":[{}` + strings.Repeat(",{}", tc.count-1) + `]}]}}]}]}`
		items, err := Reader{}.Read([]byte(body))
		if err != nil || len(items) != 1 {
			t.Fatalf("%d cards: %v, %v", tc.count, items, err)
		}
		part := items[0].GetInbound().GetMessage().GetParts()[0]
		if cards := len(part.GetContacts().GetCards()); tc.shown && cards != tc.count || !tc.shown && part.GetUnsupported().GetType() != "contacts" {
			t.Errorf("of %d cards, %d are shown in %v", tc.count, cards, part)
		}
	}
}
