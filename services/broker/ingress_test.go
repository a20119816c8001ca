package broker_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
	"weiche/services/channel"
)

func TestPublishReturnsTheAnswer(t *testing.T) {
	everywhere(t, func(t *testing.T, config broker.Config) {
		b := start(t, config)
		routing(t, b)
		var publishers errgroup.Group
		for p := range 16 {
			publishers.Go(func() error {
				kinds := []channel.Kind{channel.KindChannel, channel.KindWidget, channel.KindAgent, channel.KindEgress}
				for n := range 50 {
					text := fmt.Sprintf("%d/%d", p, n)
					answer, err := b.Publish(soon(t), source(kinds[n%4], "shop"), batch(text))
					if err != nil {
						return err
					}
					if got := answer.GetItems()[0].GetDetail(); got != text {
						return fmt.Errorf("%s got the answer of %s", text, got)
					}
				}
				return nil
			})
		}
		if err := publishers.Wait(); err != nil {
			t.Error(err)
		}
	})
}

func TestNoAnswer(t *testing.T) {
	b := start(t, broker.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := b.Publish(ctx, source(channel.KindChannel, "shop"), batch("hello"))
	if !errors.Is(err, broker.ErrNoAnswer) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Publish without a router = %v", err)
	}
	cancel()
	if _, err := b.Publish(ctx, source(channel.KindChannel, "shop"), batch("hello")); !errors.Is(err, broker.ErrNoAnswer) {
		t.Errorf("Publish after its time = %v", err)
	}
}

func TestNamesCannotInjectTokens(t *testing.T) {
	b := start(t, broker.Config{})
	good := channel.Source{Kind: channel.KindChannel, Account: "-", ID: "app"}
	for _, bad := range []string{"", ".", "a.b", "*", ">", "a b", "a\r\nPUB x 0", "ä", "\x00", strings.Repeat("a", 129)} {
		account, id, kind := good, good, good
		account.Account, id.ID, kind.Kind = bad, bad, channel.Kind(bad)
		for _, from := range []channel.Source{account, id, kind} {
			if _, err := b.Publish(soon(t), from, batch("hello")); !errors.Is(err, broker.ErrName) {
				t.Errorf("Publish(%q) = %v", from, err)
			}
		}
		if err := b.PublishEvent(soon(t), broker.Event{Account: "a", Category: "c", ID: bad}); !errors.Is(err, broker.ErrName) {
			t.Errorf("PublishEvent(%q) = %v", bad, err)
		}
		if err := b.PublishSend(soon(t), &ingressv1.Send{Channel: "whatsapp", AccountId: bad, IntegrationId: "i"}); !errors.Is(err, broker.ErrName) {
			t.Errorf("PublishSend(%q) = %v", bad, err)
		}
		if _, err := b.Sends(soon(t), bad); !errors.Is(err, broker.ErrName) {
			t.Errorf("Sends(%q) = %v", bad, err)
		}
		if _, err := b.Events(soon(t), broker.Filter{Account: bad}, broker.Place{}); bad != "" && !errors.Is(err, broker.ErrName) {
			t.Errorf("Events(%q) = %v", bad, err)
		}
	}
	in := ingress(t, b)
	publish(t, b, good, "hello")
	if got := next(t, in, 1)[0].Source; got != good {
		t.Errorf("source %v", got)
	}
}

func TestOutcomesGoFirst(t *testing.T) {
	b := start(t, broker.Config{})
	for n := range 3 {
		publish(t, b, source(channel.KindChannel, "shop"), fmt.Sprint(n))
	}
	publish(t, b, source(channel.KindEgress, "one"), "claim")
	in := ingress(t, b)
	// What waits in both is seen once both have arrived here.
	var got []*broker.Delivery
	for len(got) < 4 {
		got = append(got, next(t, in, 1)...)
	}
	position := map[string]int{}
	for i, word := range words(got) {
		position[word] = i
	}
	if len(position) != 4 || position["channel/shop 0"] > position["channel/shop 1"] || position["channel/shop 1"] > position["channel/shop 2"] {
		t.Errorf("got %v", words(got))
	}
	// Now that all is here, an outcome that came last is first.
	for n := range 3 {
		publish(t, b, source(channel.KindChannel, "shop"), fmt.Sprint(n))
	}
	publish(t, b, source(channel.KindEgress, "one"), "claim")
	if got := words(next(t, in, 1)); got[0] != "egress/one claim" {
		t.Errorf("first %v", got)
	}
}

func TestNextIsBounded(t *testing.T) {
	b := start(t, broker.Config{})
	for range 5 {
		publish(t, b, source(channel.KindChannel, "shop"), strings.Repeat("x", 1000))
	}
	in := ingress(t, b)
	total := 0
	for _, limit := range []struct{ items, bytes, most int }{{2, 1 << 20, 2}, {10, 1, 1}, {10, 2500, 2}} {
		got, err := in.Next(soon(t), limit.items, limit.bytes)
		if err != nil || len(got) == 0 || len(got) > limit.most {
			t.Errorf("Next(%d, %d) gave %d, %v", limit.items, limit.bytes, len(got), err)
		}
		total += len(got)
	}
	next(t, in, 5-total)
}

// What has no ack comes again in its order, before anything new, to the next
// router; the one before learns that it is none.
func TestANewInboxTakesOver(t *testing.T) {
	everywhere(t, func(t *testing.T, config broker.Config) {
		b := start(t, config)
		first := ingress(t, b)
		for n := range 4 {
			publish(t, b, source(channel.KindChannel, "shop"), fmt.Sprint(n))
		}
		got := next(t, first, 3)
		if err := got[1].Ack(); err != nil {
			t.Fatal(err)
		}
		settled(t, b, 3)

		second := ingress(t, b)
		if _, err := first.Next(soon(t), 1, 1); err == nil {
			// One was here already.
			if _, err = first.Next(soon(t), 1, 1); !errors.Is(err, broker.ErrInboxLost) {
				t.Errorf("Next of the first = %v", err)
			}
		} else if !errors.Is(err, broker.ErrInboxLost) {
			t.Errorf("Next of the first = %v", err)
		}
		publish(t, b, source(channel.KindChannel, "shop"), "new")
		want := []string{"channel/shop 0", "channel/shop 2", "channel/shop 3", "channel/shop new"}
		if diff := cmp.Diff(want, words(next(t, second, 4))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRedelivery(t *testing.T) {
	b := start(t, broker.Config{AckWait: 100 * time.Millisecond})
	in := ingress(t, b)
	publish(t, b, source(channel.KindChannel, "shop"), "hello")
	for attempt := 1; attempt <= 3; attempt++ {
		d := next(t, in, 1)[0]
		if d.Attempt != attempt || text(d) != "hello" || d.Received.IsZero() {
			t.Errorf("delivery %d has attempt %d, text %q, received %v", attempt, d.Attempt, text(d), d.Received)
		}
	}
}

func TestOverload(t *testing.T) {
	for name, limits := range map[string]broker.Limits{"messages": {IngressMsgs: 3}, "bytes": {IngressBytes: 4000}} {
		t.Run(name, func(t *testing.T) {
			b := start(t, broker.Config{Limits: limits})
			from := source(channel.KindChannel, "shop")
			for range 3 {
				publish(t, b, from, strings.Repeat("x", 1000))
			}
			_, err := b.Publish(soon(t), from, batch(strings.Repeat("x", 1000)))
			if !errors.Is(err, broker.ErrOverloaded) {
				t.Fatalf("Publish into a full stream = %v", err)
			}
			publish(t, b, source(channel.KindEgress, "one"), "an outcome has room of its own")
			routing(t, b)
			settled(t, b, 0)
			if _, err := b.Publish(soon(t), from, batch("hello")); err != nil {
				t.Errorf("Publish once there is room = %v", err)
			}
		})
	}
}

func TestLargestMessage(t *testing.T) {
	b := start(t, broker.Config{})
	routing(t, b)
	from := source(channel.KindChannel, "shop")
	large := strings.Repeat("x", 8<<20-1024)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	// The answer repeats the text, and is as large.
	if answer, err := b.Publish(ctx, from, batch(large)); err != nil || answer.GetItems()[0].GetDetail() != large {
		t.Errorf("the largest message: %v", err)
	}
	if _, err := b.Publish(ctx, from, batch(large+large)); !errors.Is(err, broker.ErrTooLarge) {
		t.Errorf("a message that is too large: %v", err)
	}
}

func TestUnreadableAndForgedMessages(t *testing.T) {
	s := listen(t, t.TempDir(), -1, 8<<20)
	b := start(t, broker.Config{URL: s.ClientURL()})
	in := ingress(t, b)
	conn := raw(t, s.ClientURL())
	elsewhere, err := conn.SubscribeSync("ingress.0.api.acme.admin")
	if err != nil {
		t.Fatal(err)
	}
	publishRaw := func(subject, receipt string) {
		t.Helper()
		msg := nats.NewMsg(subject)
		msg.Header.Set("Weiche-Receipt", receipt)
		msg.Data = []byte("\xff")
		if err := conn.PublishMsg(msg); err != nil {
			t.Fatal(err)
		}
		if err := conn.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	for _, receipt := range []string{"ingress.0.api.acme.admin", "receipts.>", "receipts.a b", ""} {
		publishRaw("ingress.0.channel.acme.shop", receipt)
		d := next(t, in, 1)[0]
		if d.Batch != nil || d.Err == nil || string(d.Raw) != "\xff" || d.Source != source(channel.KindChannel, "shop") {
			t.Errorf("delivery %+v", d)
		}
		if err := errors.Join(d.Answer(&ingressv1.Answer{Error: "unreadable"}), d.Ack()); err != nil {
			t.Error(err)
		}
	}
	for _, subject := range []string{"ingress.0.egress.acme.one", "ingress.0.other.acme.shop", "ingress.1.channel.acme.shop"} {
		publishRaw(subject, "")
		if d := next(t, in, 1)[0]; !errors.Is(d.Err, broker.ErrName) || d.Batch != nil || d.Source != (channel.Source{}) {
			t.Errorf("%s gave %v, %v", subject, d.Source, d.Err)
		}
	}
	if n, _, _ := elsewhere.Pending(); n != 0 {
		t.Errorf("%d answers went where a header said", n)
	}
}

func TestPayloadIsCheckedAtConnect(t *testing.T) {
	s := listen(t, t.TempDir(), -1, 1<<20)
	_, err := broker.Start(soon(t), broker.Config{URL: s.ClientURL()})
	if !errors.Is(err, broker.ErrPayload) || !strings.Contains(err.Error(), "8388608") {
		t.Errorf("Start = %v", err)
	}
}

// A server that was restarted has forgotten the queues: whoever waits goes on
// with the new ones.
func TestServerRestart(t *testing.T) {
	dir := t.TempDir()
	s := listen(t, dir, -1, 8<<20)
	back := make(chan struct{}, 2) // one for each connection
	b := start(t, broker.Config{URL: s.ClientURL(), OnReconnect: func() { back <- struct{}{} }})
	routing(t, b)
	sends, err := b.Sends(soon(t), "whatsapp")
	if err != nil {
		t.Fatal(err)
	}
	from := source(channel.KindChannel, "shop")
	if _, err := b.Publish(soon(t), from, batch("before")); err != nil {
		t.Fatal(err)
	}
	port := s.Addr().(*net.TCPAddr).Port
	stop(s)
	if _, err := b.Publish(soon(t), from, batch("meanwhile")); !errors.Is(err, broker.ErrUnavailable) {
		t.Errorf("Publish without a server = %v", err)
	}
	listen(t, dir, port, 8<<20)
	for range cap(back) {
		wait(t, back, "no reconnect")
	}
	if _, err := b.Publish(soon(t), from, batch("after")); err != nil {
		t.Errorf("Publish after a restart = %v", err)
	}
	if err := b.PublishSend(soon(t), send("1")); err != nil {
		t.Fatal(err)
	}
	if got, err := sends.Next(soon(t), 1); err != nil || got[0].Send.GetSendId() != "1" {
		t.Errorf("Next = %v, %v", got, err)
	}
}

// Each connection may be lost alone. Whoever could not publish meanwhile is told when
// it can again, whichever of them it was.
func TestOneConnectionIsLost(t *testing.T) {
	s := listen(t, t.TempDir(), -1, 8<<20)
	back := make(chan struct{}, 1)
	b := start(t, broker.Config{URL: s.ClientURL(), OnReconnect: func() { back <- struct{}{} }})
	for _, purpose := range []string{"publishing", "consuming"} {
		conns, err := s.Connz(nil)
		if err != nil {
			t.Fatal(err)
		}
		cut := 0
		for _, conn := range conns.Conns {
			if strings.HasSuffix(conn.Name, purpose) {
				cut++
				if err := s.DisconnectClientByID(conn.Cid); err != nil {
					t.Fatal(err)
				}
			}
		}
		if cut != 1 {
			t.Fatalf("%d connections are called %s", cut, purpose)
		}
		wait(t, back, "no reconnect of "+purpose)
		if err := b.PublishSend(soon(t), send(purpose)); err != nil {
			t.Errorf("PublishSend after the loss of %s = %v", purpose, err)
		}
	}
}

func wait(t *testing.T, said <-chan struct{}, otherwise string) {
	t.Helper()
	select {
	case <-said:
	case <-time.After(patience):
		t.Fatal(otherwise)
	}
}

func TestClose(t *testing.T) {
	b := start(t, broker.Config{})
	in := ingress(t, b)
	var calls errgroup.Group
	calls.Go(func() error {
		_, err := b.Publish(context.Background(), source(channel.KindChannel, "shop"), batch("hello"))
		return err
	})
	next(t, in, 1)
	waiting := make(chan error, 1)
	go func() { _, err := in.Next(context.Background(), 1, 1); waiting <- err }()
	b.Close()
	if err := calls.Wait(); !errors.Is(err, broker.ErrClosed) {
		t.Errorf("Publish during Close = %v", err)
	}
	if err := <-waiting; !errors.Is(err, broker.ErrClosed) {
		t.Errorf("Next during Close = %v", err)
	}
	if _, err := b.Publish(t.Context(), source(channel.KindChannel, "shop"), batch("hello")); !errors.Is(err, broker.ErrClosed) {
		t.Errorf("Publish after Close = %v", err)
	}
	if _, err := b.Ingress(t.Context()); !errors.Is(err, broker.ErrClosed) {
		t.Errorf("Ingress after Close = %v", err)
	}
	b.Close()
}
