package broker_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
	"weiche/services/channel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of a test that should end by itself.
const patience = 20 * time.Second

func start(t testing.TB, config broker.Config) *broker.Broker {
	t.Helper()
	config.Logger = slog.New(slog.DiscardHandler)
	b, err := broker.Start(soon(t), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// listen starts a server of its own on a port, -1 for any.
func listen(t testing.TB, dir string, port, payload int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: dir, JetStreamMaxMemory: 1 << 30, JetStreamMaxStore: 1 << 30,
		MaxPayload: int32(payload),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { stop(s) })
	if !s.ReadyForConnections(patience) {
		t.Fatal("the server is not ready")
	}
	return s
}

func stop(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// everywhere runs a test with an embedded server and with one of its own.
func everywhere(t *testing.T, test func(t *testing.T, config broker.Config)) {
	t.Run("embedded", func(t *testing.T) { test(t, broker.Config{}) })
	t.Run("external", func(t *testing.T) {
		test(t, broker.Config{URL: listen(t, t.TempDir(), -1, 8<<20).ClientURL()})
	})
}

func raw(t *testing.T, url string) *nats.Conn {
	t.Helper()
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func source(kind channel.Kind, id string) channel.Source {
	return channel.Source{Kind: kind, Account: "acme", ID: id}
}

func batch(text string) *ingressv1.Batch {
	return &ingressv1.Batch{Items: []*ingressv1.Item{{Raw: []byte(text)}}}
}

func text(d *broker.Delivery) string { return string(d.Batch.GetItems()[0].GetRaw()) }

func ingress(t testing.TB, b *broker.Broker) *broker.Inbox {
	t.Helper()
	in, err := b.Ingress(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// route answers everything with its own words until the inbox or ctx ends.
func route(ctx context.Context, in *broker.Inbox) error {
	for {
		deliveries, err := in.Next(ctx, 512, 8<<20)
		if errors.Is(err, context.Canceled) || errors.Is(err, broker.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, d := range deliveries {
			answer := &ingressv1.Answer{Error: "unreadable"}
			if d.Err == nil {
				answer = &ingressv1.Answer{Items: []*ingressv1.ItemAnswer{{Position: 1, Detail: text(d)}}}
			}
			if err := errors.Join(d.Answer(answer), d.Ack()); err != nil {
				return err
			}
		}
	}
}

// routing runs route until the test ends.
func routing(t testing.TB, b *broker.Broker) {
	t.Helper()
	in := ingress(t, b)
	ended := make(chan error, 1)
	go func() { ended <- route(context.Background(), in) }()
	t.Cleanup(func() {
		in.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// publish publishes without waiting for an answer that nobody gives.
func publish(t testing.TB, b *broker.Broker, from channel.Source, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := b.Publish(ctx, from, batch(text)); !errors.Is(err, broker.ErrNoAnswer) {
		t.Fatalf("Publish = %v", err)
	}
}

// next returns n deliveries.
func next(t testing.TB, in *broker.Inbox, n int) []*broker.Delivery {
	t.Helper()
	var got []*broker.Delivery
	for len(got) < n {
		more, err := in.Next(soon(t), n-len(got), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, more...)
	}
	return got
}

func words(deliveries []*broker.Delivery) (words []string) {
	for _, d := range deliveries {
		words = append(words, fmt.Sprintf("%s/%s %s", d.Source.Kind, d.Source.ID, text(d)))
	}
	return words
}

// settled waits until INGRESS holds no more than n messages: acks arrive when
// they do.
func settled(t testing.TB, b *broker.Broker, n uint64) {
	t.Helper()
	ctx := soon(t)
	for {
		waiting, err := b.Waiting(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if waiting <= n {
			return
		}
	}
}

func send(id string) *ingressv1.Send {
	return &ingressv1.Send{SendId: id, Channel: "whatsapp", AccountId: "acme", IntegrationId: "shop"}
}
