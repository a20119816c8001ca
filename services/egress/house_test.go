package egress_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/egress"
	"weiche/services/keyring"
	"weiche/services/router"
)

// patience bounds every wait of a test that should end by itself.
const patience = 20 * time.Second

// house is a broker and a router with its log in memory, whose account has the
// integration shop.
type house struct {
	broker *broker.Broker
	store  *eventstore.Store
	engine *router.Engine
	// away ends the router.
	away func()

	mu    sync.Mutex
	ahead time.Duration // of the router's clock
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{}
	var err error
	if h.broker, err = broker.Start(soon(t), broker.Config{Logger: quiet, AckWait: 100 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.broker.Close)
	keys, err := keyring.Open("keyring", keyring.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	if h.store, err = eventstore.Open("log", router.LogOptions(eventstore.Options{FS: vfs.NewMem()})); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.store.Close() })
	h.engine = router.NewEngine(router.EngineConfig{Store: h.store, Keys: keys, Now: h.now, Logger: quiet})
	h.route(t)
	h.say(t, channel.KindAgent, "test", &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
		AgentId: "agent", ClientToken: "setup",
		Command: &ingressv1.AgentCommand_ApplySetup{ApplySetup: &ingressv1.ApplySetup{
			Name:   "Acme",
			Agents: []*ingressv1.AgentSetup{{Id: "agent", Name: "Kim"}},
			Apps: []*ingressv1.AppSetup{{
				Id: "app", Channel: "whatsapp", ProviderAppId: "1", AppSecrets: []string{"secret"}, VerifyToken: "verify",
			}},
			Integrations: []*ingressv1.IntegrationSetup{{
				Id: "shop", Channel: "whatsapp", AppId: "app", ProviderAccountId: "2", AccessToken: "token",
			}},
		}},
	}}})
	return h
}

// route starts a router.
func (h *house) route(t *testing.T) {
	t.Helper()
	h.away = running(t, router.New(h.engine, h.broker, quiet).Run)
}

var quiet = slog.New(slog.DiscardHandler)

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// running runs something until the test ends, or the func that it returns is
// called.
func running(t *testing.T, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Add(h.ahead)
}

// advance moves the router's clock and fires what is due by then.
func (h *house) advance(t *testing.T, by time.Duration) {
	t.Helper()
	h.mu.Lock()
	h.ahead += by
	h.mu.Unlock()
	for {
		account, timer, ok, err := h.engine.NextTimer(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		if !ok || timer.Due.After(h.now()) {
			return
		}
		if err := h.engine.Fire(soon(t), account, timer); err != nil {
			t.Fatal(err)
		}
	}
}

// say publishes an item that has to be accepted.
func (h *house) say(t *testing.T, kind channel.Kind, id string, item *ingressv1.Item) *ingressv1.ItemAnswer {
	t.Helper()
	answer, err := h.broker.Publish(soon(t), channel.Source{Kind: kind, Account: "acme", ID: id}, &ingressv1.Batch{Items: []*ingressv1.Item{item}})
	if err != nil {
		t.Fatal(err)
	}
	if status := answer.GetItems()[0].GetStatus(); status != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
		t.Fatalf("%v: %v", item, answer)
	}
	return answer.GetItems()[0]
}

// replies has n customers write and an agent answer each, and returns the sends
// that the router asks for.
func (h *house) replies(t *testing.T, n int) []*ingressv1.Send {
	t.Helper()
	from := h.store.Durable() + 1
	for i := range n {
		in := h.say(t, channel.KindChannel, "shop", &ingressv1.Item{Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
			ProviderAccountId: "2", ProviderMessageId: fmt.Sprintf("in-%d", i), SentAt: timestamppb.Now(),
			Sender: []*eventv1.Alias{{Kind: "phone", Value: fmt.Sprintf("4915%05d", i)}},
			Event:  &ingressv1.Inbound_Message{Message: conversation.Text("hello")},
		}}})
		h.say(t, channel.KindAgent, "test", &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
			AgentId: "agent", ClientToken: fmt.Sprintf("reply-%d", i), ConversationId: in.GetConversationId(),
			Command: &ingressv1.AgentCommand_SendReply{SendReply: &ingressv1.SendReply{Content: conversation.Text("hi")}},
		}}})
	}
	var sends []*ingressv1.Send
	h.each(t, from, func(event any) {
		if request, ok := event.(*eventv1.SendRequested); ok {
			sends = append(sends, &ingressv1.Send{
				SendId: request.GetSendId(), Attempt: request.GetAttempt(), AccountId: "acme",
				IntegrationId: request.GetIntegrationId(), Channel: request.GetChannel(), Content: conversation.Text("hi"),
			})
		}
	})
	if len(sends) != n {
		t.Fatalf("%d replies made %d sends", n, len(sends))
	}
	return sends
}

// relay puts a send on EGRESS so many times.
func (h *house) relay(t *testing.T, send *ingressv1.Send, times int) {
	t.Helper()
	for range times {
		if err := h.broker.PublishSend(soon(t), send); err != nil {
			t.Fatal(err)
		}
	}
}

// each calls what with the events of the log from a position on.
func (h *house) each(t *testing.T, from uint64, what func(event any)) {
	t.Helper()
	for rec, err := range h.store.ReadAll(soon(t), from) {
		if err != nil {
			t.Fatal(err)
		}
		event, err := router.Decode(rec)
		if err != nil {
			t.Fatal(err)
		}
		what(event.Body)
	}
}

// tally is what the log says of one attempt.
type tally struct{ claimed, sent, failed, deferred, unknown int }

func (t tally) outcomes() int { return t.sent + t.failed + t.deferred + t.unknown }

// tallies returns what the log says of each attempt, by "send/attempt".
func (h *house) tallies(t *testing.T) map[string]tally {
	t.Helper()
	tallies := map[string]tally{}
	h.each(t, 1, func(event any) {
		named, ok := event.(interface {
			GetSendId() string
			GetAttempt() uint32
		})
		if !ok {
			return
		}
		key := fmt.Sprintf("%s/%d", named.GetSendId(), named.GetAttempt())
		of := tallies[key]
		switch event.(type) {
		case *eventv1.SendClaimed:
			of.claimed++
		case *eventv1.SendSucceeded:
			of.sent++
		case *eventv1.SendFailed:
			of.failed++
		case *eventv1.SendDeferred:
			of.deferred++
		case *eventv1.SendOutcomeUnknown:
			of.unknown++
		default:
			return
		}
		tallies[key] = of
	})
	return tallies
}

// until waits until what the log says satisfies done.
func (h *house) until(t *testing.T, done func(map[string]tally) bool) map[string]tally {
	t.Helper()
	ctx := soon(t)
	for {
		durable := h.store.Durable()
		if tallies := h.tallies(t); done(tallies) {
			return tallies
		}
		if err := h.store.WaitDurable(ctx, durable+1); err != nil {
			t.Fatalf("%v: the log says %v", err, h.tallies(t))
		}
	}
}

// config is that of an instance in the house.
func (h *house) config(instance string, p *provider) egress.Config {
	return egress.Config{
		Publisher: h.broker, Open: egress.FromBroker(h.broker), Directory: setUp(),
		Senders: map[string]channel.Sender{"whatsapp": p}, Instance: instance, Logger: quiet,
	}
}

func run(t *testing.T, config egress.Config) (stop func()) {
	t.Helper()
	e, err := egress.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return running(t, e.Run)
}
