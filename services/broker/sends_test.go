package broker_test

import (
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"weiche/services/broker"
)

func sends(t *testing.T, b *broker.Broker, channelName string) *broker.SendInbox {
	t.Helper()
	in, err := b.Sends(soon(t), channelName)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func nextSend(t *testing.T, in *broker.SendInbox) *broker.SendDelivery {
	t.Helper()
	got, err := in.Next(soon(t), 1)
	if err != nil || len(got) != 1 || got[0].Err != nil {
		t.Fatalf("Next = %v, %v", got, err)
	}
	return got[0]
}

func TestSends(t *testing.T) {
	everywhere(t, func(t *testing.T, config broker.Config) {
		config.AckWait = 200 * time.Millisecond
		b := start(t, config)
		other := send("other")
		other.Channel = "messenger"
		for _, send := range []error{b.PublishSend(soon(t), other), b.PublishSend(soon(t), send("1")), b.PublishSend(soon(t), send("2"))} {
			if send != nil {
				t.Fatal(send)
			}
		}
		in := sends(t, b, "whatsapp")
		one, two := nextSend(t, in), nextSend(t, in)
		if one.Send.GetSendId() != "1" || two.Send.GetSendId() != "2" || one.Attempt != 1 {
			t.Errorf("sends %v, %v", one.Send, two.Send)
		}
		if err := errors.Join(two.InProgress(), two.Ack(), two.Ack(), one.Nak(10*time.Millisecond)); err != nil {
			t.Error(err)
		}
		if one = nextSend(t, in); one.Send.GetSendId() != "1" || one.Attempt != 2 {
			t.Errorf("after Nak: %v, attempt %d", one.Send, one.Attempt)
		}
		if one = nextSend(t, in); one.Send.GetSendId() != "1" || one.Attempt != 3 {
			t.Errorf("without an ack: %v, attempt %d", one.Send, one.Attempt)
		}
		if got := nextSend(t, sends(t, b, "messenger")); got.Send.GetSendId() != "other" {
			t.Errorf("the other channel: %v", got.Send)
		}
	})
}

// What a sender holds and has not begun goes to another as soon as it closes.
func TestSendsAreSharedAndGivenBack(t *testing.T) {
	b := start(t, broker.Config{AckWait: time.Hour})
	first, second := sends(t, b, "whatsapp"), sends(t, b, "whatsapp")
	const n = 40
	for i := range n {
		if err := b.PublishSend(soon(t), send(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{nextSend(t, first).Send.GetSendId(): true}
	first.Close()
	if _, err := first.Next(soon(t), 1); !errors.Is(err, broker.ErrClosed) {
		t.Errorf("Next after Close = %v", err)
	}
	for len(seen) < n {
		d := nextSend(t, second)
		if seen[d.Send.GetSendId()] {
			t.Fatalf("send %s came twice", d.Send.GetSendId())
		}
		seen[d.Send.GetSendId()] = true
		if err := d.Ack(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEgressIsBounded(t *testing.T) {
	b := start(t, broker.Config{Limits: broker.Limits{EgressBytes: 1000}})
	for n := 0; ; n++ {
		err := b.PublishSend(soon(t), send(fmt.Sprint(n)))
		if errors.Is(err, broker.ErrOverloaded) && n > 0 {
			return
		}
		if err != nil || n > 1000 {
			t.Fatalf("PublishSend %d = %v", n, err)
		}
	}
}

// An integration whose sends wait, given back or not yet taken, holds up no other
// of its channel.
func TestI27WaitingSendsHoldUpNobody(t *testing.T) {
	everywhere(t, func(t *testing.T, config broker.Config) {
		const most = 6000
		config.Limits.EgressMsgs = most
		b := start(t, config)
		in := sends(t, b, "whatsapp")
		for i := range most {
			if err := b.PublishSend(soon(t), send(fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
			if err := nextSend(t, in).Nak(time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.PublishSend(soon(t), send("over")); !errors.Is(err, broker.ErrOverloaded) {
			t.Errorf("one more than may wait: %v", err)
		}
		other := send("other")
		other.IntegrationId = "another"
		if err := b.PublishSend(soon(t), other); err != nil {
			t.Fatal(err)
		}
		if got := nextSend(t, in); got.Send.GetSendId() != "other" {
			t.Errorf("got %v", got.Send)
		}
	})
}

// A server that was restarted has lost the queues. An ack for a message of a queue that
// is lost ends none of the one that has taken its place.
func TestI04AckOfALostQueueEndsNothing(t *testing.T) {
	dir := t.TempDir()
	first := listen(t, dir, -1, 8<<20)
	back := make(chan struct{}, 2) // one for each connection
	b := start(t, broker.Config{URL: first.ClientURL(), OnReconnect: func() { back <- struct{}{} }})
	in := sends(t, b, "whatsapp")
	if err := b.PublishSend(soon(t), send("lost")); err != nil {
		t.Fatal(err)
	}
	lost := nextSend(t, in)

	port := first.Addr().(*net.TCPAddr).Port
	stop(first)
	listen(t, dir, port, 8<<20)
	<-back
	<-back
	if err := b.PublishSend(soon(t), send("kept")); err != nil {
		t.Fatal(err)
	}
	kept := nextSend(t, in)
	if err := errors.Join(lost.Ack(), kept.Nak(10*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if again := nextSend(t, in); again.Send.GetSendId() != "kept" {
		t.Errorf("send %s came, not the one that was given back", again.Send.GetSendId())
	}
}
