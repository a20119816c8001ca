package router_test

import (
	"context"
	"testing"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
	"weiche/services/channel"
	"weiche/services/router"
)

// A file that was asked for is relayed again by the next process, as often as one
// begins, with what a fetcher needs; one that is there is not.
func TestI04FilesAreAskedForAgainAtTheStart(t *testing.T) {
	r := newRelayed(t)
	answer := r.say(t, channel.KindChannel, "whatsapp", &ingressv1.Item{Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
		ProviderAccountId: "200001", ProviderMessageId: "m1", Sender: []*eventv1.Alias{{Kind: "phone", Value: "15550100777"}},
		Event: &ingressv1.Inbound_Message{Message: &eventv1.Content{Parts: []*eventv1.Part{
			{Kind: &eventv1.Part_Text{Text: &eventv1.Text{Body: "look"}}},
			{Kind: &eventv1.Part_Media{Media: &eventv1.Media{ProviderMediaId: "77", FileName: "a.png"}}},
		}}},
	}}})
	begin := func() (*broker.FetchInbox, func()) {
		t.Helper()
		b, err := broker.Start(t.Context(), broker.Config{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		relay := router.NewRelay(r.engine, b, nil)
		done := make(chan error, 1)
		go func() { done <- relay.Run(ctx) }()
		in, err := b.Fetches(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return in, func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			b.Close()
		}
	}
	var fetch *ingressv1.FetchMedia
	for range 2 {
		in, end := begin()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		got, err := in.Next(ctx, 1)
		cancel()
		if err != nil || len(got) != 1 || got[0].Err != nil {
			t.Fatalf("%v, %v", got, err)
		}
		fetch = got[0].Fetch // and the process ends
		end()
		if fetch.GetMedia().GetFileName() != "a.png" || fetch.GetProviderAccountId() != "200001" || fetch.GetErased() ||
			fetch.GetConversationId() != answer.GetConversationId() || fetch.GetCustomerId() == "" || fetch.GetAttempt() != 1 {
			t.Errorf("to be fetched: %v", fetch)
		}
	}
	r.say(t, channel.KindEgress, "test", &ingressv1.Item{Kind: &ingressv1.Item_Sender{Sender: &ingressv1.SenderCommand{
		Command: &ingressv1.SenderCommand_Media{Media: &ingressv1.ReportMedia{
			MediaId: fetch.GetMediaId(), ConversationId: fetch.GetConversationId(),
			Outcome: &ingressv1.ReportMedia_Stored{Stored: &eventv1.StoredMedia{BlobId: fetch.GetCustomerId() + "." + fetch.GetMediaId()}},
		}},
	}}})
	in, end := begin()
	defer end()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if got, err := in.Next(ctx, 1); err == nil {
		t.Errorf("what is there is asked for again: %v", got[0].Fetch)
	}
}
