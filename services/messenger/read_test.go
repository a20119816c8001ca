package messenger

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

// TestLongLists shows where the lists of one message end.
func TestLongLists(t *testing.T) {
	for _, tc := range []struct {
		count  int
		reason string
	}{{meta.MaxList, ""}, {meta.MaxList + 1, "too many attachments"}, {1_000_000, "too many attachments"}} {
		body := `{"object":"page","entry":[{"id":"4001","messaging":[{"sender":{"id":"5001"},"recipient":{"id":"4001"},"timestamp":1767225600000,` +
			`"message":{"mid":"m_1","attachments":[{}` + strings.Repeat(",{}", tc.count-1) + `]}}]}]}`
		items, err := Reader{}.Read([]byte(body))
		if err != nil || len(items) != 1 || items[0].GetUnreadable().GetReason() != tc.reason {
			t.Fatalf("%d attachments: %v, %v", tc.count, items, err)
		}
		if parts := len(items[0].GetInbound().GetMessage().GetParts()); tc.reason == "" && parts != tc.count {
			t.Errorf("%d parts of %d", parts, tc.count)
		}
	}
}
