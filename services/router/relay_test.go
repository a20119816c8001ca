package router_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/keyring"
	"weiche/services/router"
)

// relayed is an engine over a log in memory, with an account that has one WhatsApp
// number and an agent.
type relayed struct {
	keys   *keyring.Keyring
	store  *eventstore.Store
	engine *router.Engine
}

func newRelayed(t testing.TB) *relayed {
	keys, err := keyring.Open("keyring", keyring.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	store, err := eventstore.Open("log", router.LogOptions(eventstore.Options{FS: vfs.NewMem()}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close(); keys.Close() })
	r := &relayed{keys: keys, store: store, engine: router.NewEngine(router.EngineConfig{Store: store, Keys: keys})}
	r.say(t, channel.KindAgent, "admin", &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
		Command: &ingressv1.AgentCommand_ApplySetup{ApplySetup: &ingressv1.ApplySetup{
			Name: "Shop",
			Apps: []*ingressv1.AppSetup{{Id: "app", Channel: "whatsapp"}},
			Integrations: []*ingressv1.IntegrationSetup{{
				Id: "whatsapp", Channel: "whatsapp", AppId: "app", ProviderAccountId: "200001",
			}},
			Agents: []*ingressv1.AgentSetup{{Id: "kim", Name: "Kim"}},
		}},
	}}})
	return r
}

// say publishes one item past the broker and returns its answer.
func (r *relayed) say(t testing.TB, kind channel.Kind, id string, item *ingressv1.Item) *ingressv1.ItemAnswer {
	t.Helper()
	answers, err := r.engine.Round(t.Context(), []router.Request{{
		Source: channel.Source{Kind: kind, Account: "shop", ID: id},
		Batch:  &ingressv1.Batch{Items: []*ingressv1.Item{item}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	answer := answers[0].GetItems()[0]
	if answer.GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
		t.Fatalf("answered %v", answer)
	}
	return answer
}

// write lets a customer write, and the agent reply.
func (r *relayed) write(t testing.TB, id, reply string) {
	t.Helper()
	r.writeTo(t, "15550100777", id, reply)
}

// writeTo lets the customer with a telephone number write, and the agent reply.
func (r *relayed) writeTo(t testing.TB, phone, id, reply string) {
	t.Helper()
	answer := r.say(t, channel.KindChannel, "whatsapp", &ingressv1.Item{Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
		ProviderAccountId: "200001", ProviderMessageId: id,
		Sender: []*eventv1.Alias{{Kind: "phone", Value: phone}},
		Event:  &ingressv1.Inbound_Message{Message: conversation.Text("hello")},
	}}})
	r.say(t, channel.KindAgent, "workspace", &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
		AgentId: "kim", ConversationId: answer.GetConversationId(),
		Command: &ingressv1.AgentCommand_SendReply{SendReply: &ingressv1.SendReply{Content: conversation.Text(reply)}},
	}}})
}

// start relays sends until the test ends or stop is called.
func (r *relayed) start(t *testing.T, b *broker.Broker) (stop func()) {
	return running(t, router.NewRelay(r.engine, b, nil).Run)
}

// startEvents relays events until the test ends or stop is called.
func (r *relayed) startEvents(t *testing.T, b *broker.Broker) (relay *router.EventRelay, stop func()) {
	relay = router.NewEventRelay(r.engine, b, nil)
	return relay, running(t, relay.Run)
}

// running runs something until the test ends or stop is called.
func running(t *testing.T, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("relay: %v", err)
		}
		done <- nil
	}
	t.Cleanup(stop)
	return stop
}

func startBroker(t *testing.T) *broker.Broker {
	b, err := broker.Start(t.Context(), broker.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// nextSend takes one send from EGRESS.
func nextSend(t *testing.T, b *broker.Broker) *ingressv1.Send {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	inbox, err := b.Sends(ctx, "whatsapp")
	if err != nil {
		t.Fatal(err)
	}
	defer inbox.Close()
	sends, err := inbox.Next(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := sends[0].Ack(); err != nil {
		t.Fatal(err)
	}
	return sends[0].Send
}

// unreadable appends a request whose content is nowhere, as if by a bug: it is before
// all others in the index.
func (r *relayed) unreadable(t *testing.T) {
	t.Helper()
	h := &conversation.Header{ID: "01UNREADABLE", Account: "shop", Now: time.Now(), Received: time.Now()}
	event, err := r.engine.Encode(h, "test", conversation.Event{
		Stream: conversation.Stream{Category: conversation.CategoryIdentity, ID: "unreadable"}, ID: "01UNREADABLE", At: time.Now(),
		Body: &eventv1.SendRequested{SendId: "0", Attempt: 1, IdentityId: "unreadable", IntegrationId: "whatsapp", Channel: "whatsapp", ContentEventId: "nowhere"},
	})
	if err != nil {
		t.Fatal(err)
	}
	results, err := r.store.Append(t.Context(), []eventstore.Commit{{Epoch: r.store.Epoch(), Events: []eventstore.Event{event}}})
	if err != nil || results[0].Err != nil {
		t.Fatal(err, results)
	}
}

// I04: what the log owes is on EGRESS again after all of the broker was lost, with
// address and content, whatever else cannot be read.
func TestI04UnclaimedSendsAreRelayedAgain(t *testing.T) {
	r := newRelayed(t)
	first := startBroker(t)
	stop := r.start(t, first)
	r.write(t, "in-1", "one")
	before := nextSend(t, first)
	stop()
	first.Close()
	r.unreadable(t)

	second := startBroker(t)
	r.start(t, second)
	after := nextSend(t, second)
	if before.GetSendId() != after.GetSendId() || after.GetAttempt() != 1 {
		t.Fatalf("sent %v at first, and %v after the broker was lost", before, after)
	}
	if text, _ := conversation.PlainText(after.GetContent()); text != "one" {
		t.Errorf("the content is %q", text)
	}
	if to := after.GetRecipient(); len(to) != 1 || to[0].GetValue() != "15550100777" {
		t.Errorf("the recipient is %v", to)
	}
	if after.GetProviderAccountId() != "200001" || after.GetErased() {
		t.Errorf("the send is %v", after)
	}
}

// A server that has lost EVENTS gets again what a relay has told it last, and not all
// since the relay began.
func TestALostEVENTSIsToldABoundedPast(t *testing.T) {
	r := newRelayed(t)
	relay := router.NewEventRelay(r.engine, startBroker(t), nil)
	head := r.store.Durable()
	for published, want := range map[uint64]uint64{
		head: head, head + 7: head, head + router.EventsAgain: head,
		head + router.EventsAgain + 7: head + 7, 1_000_000: 1_000_000 - router.EventsAgain,
	} {
		if got := router.Lost(relay, published); got != want {
			t.Errorf("after %d were told, it goes on after %d, not %d", published, got, want)
		}
	}
}

// Every record gives exactly one message on EVENTS, in log order and without a gap,
// also over a restart of the relay.
func TestEveryRecordIsOneEvent(t *testing.T) {
	r := newRelayed(t)
	b := startBroker(t)
	reader, err := b.Events(t.Context(), broker.Filter{}, broker.Place{})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	from := r.store.Durable() + 1
	_, stop := r.startEvents(t, b)
	r.write(t, "in-1", "one")
	upTo := r.store.Durable()
	next := from
	read := func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for ; next <= upTo; next++ {
			event, err := reader.Next(ctx)
			if err != nil {
				t.Fatalf("position %d: %v", next, err)
			}
			if event.Position != next || event.Incarnation != r.store.Incarnation() {
				t.Fatalf("position %d follows %d", event.Position, next-1)
			}
		}
	}
	read()
	stop()
	r.write(t, "in-2", "two")
	upTo = r.store.Durable()
	r.startEvents(t, b)
	read()
}

// What an erased customer said is on EVENTS no more once the erasure is.
func TestI32ErasedIsNotOnEvents(t *testing.T) {
	r := newRelayed(t)
	b := startBroker(t)
	relay, _ := r.startEvents(t, b)
	r.write(t, "in-1", "a reply to Ana")
	read := func(until func(broker.Event) bool) (said []string) {
		t.Helper()
		reader, err := b.Events(t.Context(), broker.Filter{Category: conversation.CategoryConversation}, broker.Place{Incarnation: r.store.Incarnation(), Position: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for {
			event, err := reader.Next(ctx)
			if err != nil {
				t.Fatal(err)
			}
			said = append(said, string(event.Data))
			if until(event) {
				return said
			}
		}
	}
	if all := strings.Join(read(func(e broker.Event) bool { return strings.Contains(string(e.Data), "a reply to Ana") }), " "); !strings.Contains(all, "a reply to Ana") {
		t.Fatal("the reply is not on EVENTS")
	}
	r.say(t, channel.KindAgent, "operator", &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
		Command: &ingressv1.AgentCommand_EraseCustomer{EraseCustomer: &ingressv1.EraseCustomer{CustomerId: r.customer(t)}},
	}}})
	for relay.Position() < r.store.Durable() {
		runtime.Gosched()
	}
	if all := strings.Join(read(func(e broker.Event) bool { return e.Type == "conversation.erased" }), " "); strings.Contains(all, "a reply to Ana") || strings.Contains(all, "hello") {
		t.Error("what was said is on EVENTS after the erasure")
	}
}

// customer returns the one customer that there is.
func (r *relayed) customer(t *testing.T) string {
	t.Helper()
	for rec, err := range r.store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if rec.Stream.Category == conversation.CategoryCustomer {
			return rec.Stream.ID
		}
	}
	t.Fatal("there is no customer")
	return ""
}
