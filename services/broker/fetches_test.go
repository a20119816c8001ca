package broker_test

import (
	"errors"
	"testing"
	"time"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
)

// What is to be fetched goes to one of the fetchers, and comes again until it is
// acked.
func TestFetches(t *testing.T) {
	everywhere(t, func(t *testing.T, config broker.Config) {
		config.AckWait = 200 * time.Millisecond
		b := start(t, config)
		fetch := func(id string) *ingressv1.FetchMedia {
			return &ingressv1.FetchMedia{MediaId: id, AccountId: "shop", IntegrationId: "wa", Channel: "whatsapp"}
		}
		if err := errors.Join(b.PublishFetch(soon(t), fetch("1")), b.PublishFetch(soon(t), fetch("2"))); err != nil {
			t.Fatal(err)
		}
		if err := b.PublishFetch(soon(t), &ingressv1.FetchMedia{MediaId: "3", AccountId: "a.b"}); !errors.Is(err, broker.ErrName) {
			t.Errorf("without a channel: %v", err)
		}
		first, err := b.Fetches(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		next := func(in *broker.FetchInbox) *broker.FetchDelivery {
			t.Helper()
			got, err := in.Next(soon(t), 1)
			if err != nil || len(got) != 1 || got[0].Err != nil {
				t.Fatalf("Next = %v, %v", got, err)
			}
			return got[0]
		}
		one, two := next(first), next(first)
		if one.Fetch.GetMediaId() != "1" || two.Fetch.GetMediaId() != "2" {
			t.Errorf("%v, %v", one.Fetch, two.Fetch)
		}
		if err := errors.Join(two.InProgress(), two.Ack(), one.Nak(10*time.Millisecond)); err != nil {
			t.Error(err)
		}
		if again := next(first); again.Fetch.GetMediaId() != "1" {
			t.Errorf("given back there came %v", again.Fetch)
		}
		first.Close()
		second, err := b.Fetches(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		if again := next(second); again.Fetch.GetMediaId() != "1" {
			t.Errorf("without an ack there came %v", again.Fetch)
		}
	})
}

// An integration whose files wait, given back or not yet taken, holds up no other.
func TestI27WaitingFilesHoldUpNobody(t *testing.T) {
	everywhere(t, func(t *testing.T, config broker.Config) {
		const most = 1200
		config.Limits.FetchMsgs = most
		b := start(t, config)
		in, err := b.Fetches(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		fetch := func(integration string) *ingressv1.FetchMedia {
			return &ingressv1.FetchMedia{MediaId: "1", AccountId: "shop", IntegrationId: integration, Channel: "whatsapp"}
		}
		for range most {
			if err := b.PublishFetch(soon(t), fetch("wa")); err != nil {
				t.Fatal(err)
			}
			got, err := in.Next(soon(t), 1)
			if err != nil || len(got) != 1 {
				t.Fatalf("Next = %v, %v", got, err)
			}
			if err := got[0].Nak(time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.PublishFetch(soon(t), fetch("wa")); !errors.Is(err, broker.ErrOverloaded) {
			t.Errorf("one more than may wait: %v", err)
		}
		if err := b.PublishFetch(soon(t), fetch("other")); err != nil {
			t.Fatal(err)
		}
		got, err := in.Next(soon(t), 1)
		if err != nil || len(got) != 1 || got[0].Fetch.GetIntegrationId() != "other" {
			t.Errorf("got %v, %v", got, err)
		}
	})
}
