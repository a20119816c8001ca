package egress_test

import (
	"context"
	"errors"
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
	if h.store, err = eventstore.Open("log", eventstore.Options{FS: vfs.NewMem(), Index: router.Index, Redacts: router.Redacts}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.store.Close() })
	h.engine = router.NewEngine(router.EngineConfig{Store: h.store, Keys: keys, Now: h.now, Logger: quiet})
	running(t, router.New(h.engine, h.broker, quiet).Run)
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

// counter counts, and lets a test wait for a number.
type counter struct {
	mu      sync.Mutex
	n, want int
	reached chan struct{}
}

func newCounter(want int) *counter { return &counter{want: want, reached: make(chan struct{})} }

func (c *counter) add(string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n++; c.n == c.want {
		close(c.reached)
	}
}

func (c *counter) wait(t *testing.T) {
	t.Helper()
	select {
	case <-c.reached:
	case <-soon(t).Done():
		t.Fatalf("%d of %d", c.n, c.want)
	}
}

// Every send lies on EGRESS twenty times, and two instances take from it.
func TestI12OnePostForAClaim(t *testing.T) {
	const sends, copies = 20, 20
	h := newHouse(t)
	asked := h.replies(t, sends)
	for range copies {
		for _, send := range asked {
			h.relay(t, send, 1)
		}
	}
	p := newProvider(nil)
	claims := newCounter(sends * copies)
	for _, instance := range []string{"one", "two"} {
		config := h.config(instance, p)
		config.Events = egress.Events{Claimed: claims.add, ClaimLost: claims.add}
		run(t, config)
	}
	claims.wait(t)
	tallies := h.until(t, func(tallies map[string]tally) bool {
		ended := 0
		for _, of := range tallies {
			ended += of.outcomes()
		}
		return ended >= sends
	})
	if len(tallies) != sends || p.sum() != sends {
		t.Errorf("%d attempts in the log, %d at the provider, of %d", len(tallies), p.sum(), sends)
	}
	for key, of := range tallies {
		if posts := p.of(key); posts != 1 || of != (tally{claimed: 1, sent: 1}) {
			t.Errorf("%s: %d posts, the log says %+v", key, posts, of)
		}
	}
}

// corpse is the transport of an instance that can be killed: from then on
// nothing that it says arrives, acks included.
type corpse struct {
	*house
	mu   sync.Mutex
	dead bool
}

func (c *corpse) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = true
}

func (c *corpse) gone() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return errors.New("killed")
	}
	return nil
}

func (c *corpse) Publish(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
	if c.gone() != nil {
		return nil, broker.ErrClosed
	}
	return c.broker.Publish(ctx, from, batch)
}

func (c *corpse) open(ctx context.Context, name string) (egress.Inbox, error) {
	in, err := egress.FromBroker(c.broker)(ctx, name)
	return corpseInbox{in, c}, err
}

type corpseInbox struct {
	egress.Inbox
	corpse *corpse
}

func (in corpseInbox) Next(ctx context.Context, maxItems int) ([]egress.Delivery, error) {
	deliveries, err := in.Inbox.Next(ctx, maxItems)
	for i := range deliveries {
		deliveries[i].Handle = corpseHandle{deliveries[i].Handle, in.corpse}
	}
	return deliveries, err
}

type corpseHandle struct {
	egress.Handle
	corpse *corpse
}

func (h corpseHandle) Ack() error        { return h.unless(h.Handle.Ack) }
func (h corpseHandle) InProgress() error { return h.unless(h.Handle.InProgress) }
func (h corpseHandle) Nak(delay time.Duration) error {
	return h.unless(func() error { return h.Handle.Nak(delay) })
}

func (h corpseHandle) unless(do func() error) error {
	if err := h.corpse.gone(); err != nil {
		return err
	}
	return do()
}

// An instance dies while the provider has the message and has not answered. The
// message comes to another, again and again, and nobody sends it.
func TestI12CrashIsNotSentAgain(t *testing.T) {
	h := newHouse(t)
	asked := h.replies(t, 1)[0]
	died := make(chan struct{})
	dying := &corpse{house: h}
	p := newProvider(func(context.Context, *ingressv1.Send) (string, error) {
		dying.kill()
		close(died)
		return "wamid", nil
	})
	config := h.config("one", p)
	config.Publisher, config.Open = dying, dying.open
	stop := run(t, config)
	h.relay(t, asked, 1)
	select {
	case <-died:
	case <-soon(t).Done():
		t.Fatal("nothing was sent")
	}
	stop()

	lost := newCounter(21)
	config = h.config("two", p)
	config.Events.ClaimLost = lost.add
	run(t, config)
	h.relay(t, asked, 20)
	lost.wait(t) // the twenty, and what the dead one had
	if of := h.tallies(t)[asked.GetSendId()+"/1"]; of != (tally{claimed: 1}) {
		t.Errorf("the log says %+v", of)
	}
	h.advance(t, time.Minute)
	h.until(t, func(tallies map[string]tally) bool { return tallies[asked.GetSendId()+"/1"].unknown == 1 })
	h.advance(t, time.Hour)
	if tallies := h.tallies(t); p.sum() != 1 || len(tallies) != 1 {
		t.Errorf("%d posts, the log says %+v", p.sum(), tallies)
	}
}

// deaf is a publisher to whom the first answers to each claim and each report do
// not get through, although the router gave them.
type deaf struct {
	*broker.Broker
	times int

	mu   sync.Mutex
	said map[string]int
}

func (d *deaf) Publish(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
	answer, err := d.Broker.Publish(ctx, from, batch)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	key := batch.GetItems()[0].String()
	if d.said[key]++; d.said[key] <= d.times {
		return nil, broker.ErrNoAnswer
	}
	return answer, nil
}

// Whatever becomes of an attempt is in the log once, although every claim and
// every report has to be repeated.
func TestI15EveryClaimHasOneOutcome(t *testing.T) {
	h := newHouse(t)
	asked := h.replies(t, 10)
	place := map[string]int{}
	for i, send := range asked {
		place[send.GetSendId()] = i
	}
	p := newProvider(func(_ context.Context, s *ingressv1.Send) (string, error) {
		switch place[s.GetSendId()] % 5 {
		case 0:
			return "wamid-" + s.GetSendId(), nil
		case 1:
			return "", &channel.SendError{Outcome: channel.Refused, Detail: because("no_such_user")}
		case 2:
			return "", &channel.SendError{Outcome: channel.NotSent, Detail: because("network"), RetryAfter: time.Hour}
		case 3:
			return "", nil
		}
		panic("of the sender")
	})
	config := h.config("one", p)
	config.Publisher = &deaf{Broker: h.broker, times: 2, said: map[string]int{}}
	recorded := newCounter(len(asked))
	config.Events.Recorded = func(_, outcome string) { recorded.add(outcome) }
	run(t, config)
	for _, send := range asked {
		h.relay(t, send, 3)
	}
	recorded.wait(t)
	tallies := h.tallies(t)
	for i, send := range asked {
		key := send.GetSendId() + "/1"
		want := []tally{{1, 1, 0, 0, 0}, {1, 0, 1, 0, 0}, {1, 0, 0, 1, 0}, {1, 0, 0, 0, 1}, {1, 0, 0, 0, 1}}[i%5]
		if posts := p.of(key); tallies[key] != want || posts != 1 {
			t.Errorf("send %d: %d posts, the log says %+v, want %+v", i, posts, tallies[key], want)
		}
	}
}

// A claim that was granted unheard and given back is made again.
func TestI15ReleasedClaimIsSentLater(t *testing.T) {
	h := newHouse(t)
	asked := h.replies(t, 1)[0]
	p := newProvider(nil)
	config := h.config("one", p)
	ctx, stop := context.WithCancel(t.Context())
	config.Publisher = &leaving{Broker: h.broker, stop: stop}
	e, err := egress.New(config)
	if err != nil {
		t.Fatal(err)
	}
	h.relay(t, asked, 1)
	if err := e.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if of := h.tallies(t)[asked.GetSendId()+"/1"]; of != (tally{claimed: 1, deferred: 1}) || p.sum() != 0 {
		t.Fatalf("%d posts, the log says %+v", p.sum(), of)
	}
	h.advance(t, time.Minute)
	asked.Attempt = 2
	run(t, h.config("two", p))
	h.relay(t, asked, 1)
	h.until(t, func(tallies map[string]tally) bool {
		return tallies[asked.GetSendId()+"/2"] == tally{claimed: 1, sent: 1}
	})
}

// leaving is a publisher that ends the run with the first claim, whose answer
// does not get through, nor that to any other.
type leaving struct {
	*broker.Broker
	stop func()
}

func (l *leaving) Publish(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
	answer, err := l.Broker.Publish(ctx, from, batch)
	if err == nil && batch.GetItems()[0].GetSender().GetClaim() != nil {
		l.stop()
		return nil, broker.ErrClosed
	}
	return answer, err
}
