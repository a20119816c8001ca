package whatsapp

import (
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/channel/channeltest"
	"weiche/services/meta"
)

func TestChannel(t *testing.T) {
	channeltest.Exercise(t, channeltest.Setup{
		Reader: Reader{},
		Bodies: channeltest.Bodies(t, "testdata"),
		Lists:  []string{"changes", "messages", "statuses", "message_echoes", "user_id_update", "user_preferences"},
		Sender: newSender,
		Send: &ingressv1.Send{
			SendId: "send-1", Attempt: 1, ProviderAccountId: "2001",
			Recipient: []*eventv1.Alias{{Kind: "bsuid", Value: "US.1001"}, {Kind: "phone", Value: "15550100001"}},
			Content:   &eventv1.Content{Parts: []*eventv1.Part{meta.TextPart("hello <Ana>")}},
		},
		Path: "/v26.0/2001/messages",
		Body: `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+15550100001","type":"text",
			"text":{"body":"hello <Ana>","preview_url":false},"biz_opaque_callback_data":"send-1"}`,
		Answer:       `{"messaging_product":"whatsapp","contacts":[{"input":"+15550100001","wa_id":"15550100001"}],"messages":[{"id":"wamid.1"}]}`,
		ID:           "wamid.1",
		Channel:      Channel,
		UploadPath:   "/v26.0/2001/media",
		UploadAnswer: `{"id":"9001"}`,
		Messages:     messages,
		Signals:      signals,
		Errors: []channeltest.Refusal{
			{Status: 400, Code: 130429, Outcome: channel.NotSent, Reason: "rate_limited"},
			{Status: 400, Code: 131056, Outcome: channel.NotSent, Reason: "pair_rate_limited"},
			{Status: 400, Code: 4, Outcome: channel.NotSent, Reason: "rate_limited"},
			{Status: 400, Code: 131048, Outcome: channel.Unhealthy, Reason: "spam_limited"},
			{Status: 500, Code: 131000, Outcome: channel.Unknown, Reason: "provider_error"},
			{Status: 503, Code: 131016, Outcome: channel.Unknown, Reason: "provider_unavailable"},
			{Status: 400, Code: 131047, Outcome: channel.Refused, Reason: "window_closed"},
			{Status: 400, Code: 131026, Outcome: channel.Refused, Reason: "undeliverable"},
			{Status: 400, Code: 132001, Outcome: channel.Refused, Reason: "template"},
			{Status: 401, Code: 190, Subcode: 463, Outcome: channel.Unhealthy, Reason: "token_refused"},
			{Status: 403, Code: 10, Outcome: channel.Unhealthy, Reason: "no_permission"},
			{Status: 400, Code: 100, Outcome: channel.Refused, Reason: "invalid"},
			{Status: 400, Code: 100, Subcode: 33, Outcome: channel.Unhealthy, Reason: "no_such_account"},
			{Status: 403, Code: 368, Outcome: channel.Unhealthy, Reason: "policy"},
			{Status: 400, Code: 131062, Outcome: channel.Refused, Reason: "needs_phone"},
		},
	})
}

func newSender(t *testing.T, url string) channel.Sender {
	t.Helper()
	graph, err := meta.NewGraph(meta.GraphConfig{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(graph.Close)
	return NewSender(graph, channeltest.Files{Public: "https://weiche.test/media"})
}

func FuzzRead(f *testing.F) {
	for _, body := range channeltest.Bodies(f, "testdata") {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) { channeltest.FuzzReader(t, Reader{}, body) })
}

func FuzzReadItem(f *testing.F) {
	channeltest.SeedItems(f, Reader{}, channeltest.Bodies(f, "testdata"))
	f.Fuzz(func(t *testing.T, raw []byte, place string, beside []byte, account string) {
		channeltest.FuzzReadItem(t, Reader{}, raw, place, beside, account)
	})
}

func BenchmarkRead(b *testing.B) {
	channeltest.BenchmarkReader(b, Reader{},
		`{"object":"whatsapp_business_account","entry":[{"id":"2000","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"phone_number_id":"2001"},"contacts":[{"profile":{"name":"Ana"},"wa_id":"15550100001"}],"messages":[`,
		`{"from":"15550100001","id":"wamid.HBgLMTU1NTAxMDAwMDEVAgASGBQzQTRB","timestamp":"1767225600","type":"text","text":{"body":"does it come in \u00e4nother color?"}}`,
		`]},"field":"messages"}]}]}`)
}
