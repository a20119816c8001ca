package egress_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
	"weiche/services/channel"
	"weiche/services/egress"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is the router's side of claims and outcomes, in memory, for one attempt
// at each send.
type desk struct {
	// lost, if set, says what becomes of the nth publication of all, from 1.
	lost func(n int, c *ingressv1.SenderCommand) fate

	mu       sync.Mutex
	holders  map[string]string // the nonce that a send was granted to
	recorded map[string]*ingressv1.ReportOutcome
	heard    []*ingressv1.SenderCommand // everything that was published
	sources  []channel.Source
}

// fate is what the network does to a publication.
type fate int

const (
	answered  fate = iota
	unheard        // it does not reach the router
	unspoken       // the router decides, and its answer does not come back
	closed         // the broker is closed
	refused        // the router refuses it, and not for a lost claim
	senseless      // the answer says nothing of the command
	blank          // nor does this one
)

func newDesk() *desk {
	return &desk{holders: map[string]string{}, recorded: map[string]*ingressv1.ReportOutcome{}}
}

func (d *desk) Publish(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", broker.ErrNoAnswer, err)
	}
	command := batch.GetItems()[0].GetSender()
	d.mu.Lock()
	d.heard = append(d.heard, proto.CloneOf(command))
	d.sources = append(d.sources, from)
	n := len(d.heard)
	d.mu.Unlock()
	fate := answered
	if d.lost != nil {
		fate = d.lost(n, command)
	}
	switch fate {
	case closed:
		return nil, broker.ErrClosed
	case refused:
		return answer(ingressv1.ItemStatus_ITEM_STATUS_REFUSED, ingressv1.Refusal_REFUSAL_INVALID), nil
	case senseless:
		return &ingressv1.Answer{Error: "unreadable"}, nil
	case blank:
		return answer(ingressv1.ItemStatus_ITEM_STATUS_UNSPECIFIED, 0), nil
	case unheard:
		<-ctx.Done()
		return nil, fmt.Errorf("%w: %w", broker.ErrNoAnswer, ctx.Err())
	}
	said := d.decide(command)
	if fate == unspoken {
		<-ctx.Done()
		return nil, fmt.Errorf("%w: %w", broker.ErrNoAnswer, ctx.Err())
	}
	return said, nil
}

func (d *desk) decide(command *ingressv1.SenderCommand) *ingressv1.Answer {
	d.mu.Lock()
	defer d.mu.Unlock()
	if claim := command.GetClaim(); claim != nil {
		switch d.holders[claim.GetSendId()] {
		case "":
			d.holders[claim.GetSendId()] = claim.GetNonce()
			return answer(ingressv1.ItemStatus_ITEM_STATUS_COMMITTED, 0)
		case claim.GetNonce():
			return answer(ingressv1.ItemStatus_ITEM_STATUS_NOTHING, 0)
		}
		return answer(ingressv1.ItemStatus_ITEM_STATUS_REFUSED, ingressv1.Refusal_REFUSAL_CLAIM_LOST)
	}
	outcome := command.GetOutcome()
	if d.holders[outcome.GetSendId()] != outcome.GetNonce() || d.recorded[outcome.GetSendId()] != nil {
		return answer(ingressv1.ItemStatus_ITEM_STATUS_REFUSED, ingressv1.Refusal_REFUSAL_CLAIM_LOST)
	}
	d.recorded[outcome.GetSendId()] = proto.CloneOf(outcome)
	return answer(ingressv1.ItemStatus_ITEM_STATUS_COMMITTED, 0)
}

func answer(status ingressv1.ItemStatus, why ingressv1.Refusal) *ingressv1.Answer {
	return &ingressv1.Answer{Items: []*ingressv1.ItemAnswer{{Status: status, Refusal: why}}}
}

// outcome returns what was recorded of a send, without its nonce, or nil.
func (d *desk) outcome(id string) *ingressv1.ReportOutcome {
	d.mu.Lock()
	defer d.mu.Unlock()
	recorded := proto.CloneOf(d.recorded[id])
	if recorded != nil {
		recorded.Nonce = ""
	}
	return recorded
}

// said returns the claims and the outcomes that were published.
func (d *desk) said() (claims []*ingressv1.ClaimSend, outcomes []*ingressv1.ReportOutcome) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, command := range d.heard {
		if claim := command.GetClaim(); claim != nil {
			claims = append(claims, claim)
		} else {
			outcomes = append(outcomes, command.GetOutcome())
		}
	}
	return claims, outcomes
}

// tray is an inbox in memory. What is given back comes again if again is set.
type tray struct {
	again   bool
	waiting chan egress.Delivery
	broken  chan error // ends Next

	mu    sync.Mutex
	asked []int    // what Next was asked for
	ends  []string // what became of messages
}

func newTray(sends ...*ingressv1.Send) *tray {
	t := &tray{waiting: make(chan egress.Delivery, 1000), broken: make(chan error, 1)}
	for _, s := range sends {
		t.put(s)
	}
	return t
}

func (t *tray) put(s *ingressv1.Send) {
	t.waiting <- egress.Delivery{Send: s, Handle: handle{t, s.GetSendId(), s}}
}

func (t *tray) Next(ctx context.Context, maxItems int) ([]egress.Delivery, error) {
	t.note(func() { t.asked = append(t.asked, maxItems) })
	var got []egress.Delivery
	select {
	case d := <-t.waiting:
		got = append(got, d)
	case err := <-t.broken:
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for len(got) < maxItems {
		select {
		case d := <-t.waiting:
			got = append(got, d)
		default:
			return got, nil
		}
	}
	return got, nil
}

func (t *tray) Close() { t.end("closed") }

func (t *tray) end(text string) { t.note(func() { t.ends = append(t.ends, text) }) }

func (t *tray) note(what func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	what()
}

// ended returns what became of messages, in order.
func (t *tray) ended() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.ends)
}

type handle struct {
	tray *tray
	id   string
	send *ingressv1.Send
}

func (h handle) Ack() error        { h.tray.end("ack " + h.id); return nil }
func (h handle) InProgress() error { h.tray.end("busy " + h.id); return nil }

func (h handle) Nak(delay time.Duration) error {
	h.tray.end("nak " + h.id)
	if h.tray.again {
		time.AfterFunc(delay, func() { h.tray.put(h.send) })
	}
	return nil
}

// directory is the set-up of one account.
type directory map[string]channel.Integration

func (directory) App(string) (channel.App, bool) { return channel.App{}, false }

func (directory) ByProviderAccount(channel.App, string) (channel.Integration, bool) {
	return channel.Integration{}, false
}

func (d directory) Integration(account, id string) (channel.Integration, bool) {
	integration, ok := d[id]
	return integration, ok && account == "acme"
}

// setUp has an integration shop, one without a token, and one of another channel.
func setUp() directory {
	return directory{
		"shop":  {Account: "acme", ID: "shop", Channel: "whatsapp", Token: "token"},
		"slow":  {Account: "acme", ID: "slow", Channel: "whatsapp", Token: "token"},
		"bare":  {Account: "acme", ID: "bare", Channel: "whatsapp"},
		"other": {Account: "acme", ID: "other", Channel: "messenger", Token: "token"},
	}
}

// provider is a channel.Sender that counts what reached it.
type provider struct {
	// do, if set, is what it does with a send; otherwise it takes it.
	do func(ctx context.Context, send *ingressv1.Send) (string, error)

	mu    sync.Mutex
	posts map[string]int
}

func newProvider(do func(ctx context.Context, send *ingressv1.Send) (string, error)) *provider {
	return &provider{do: do, posts: map[string]int{}}
}

func (p *provider) Send(ctx context.Context, send *ingressv1.Send, token channel.Secret) (string, error) {
	if token.Reveal() != "token" {
		return "", errors.New("the token of another")
	}
	p.mu.Lock()
	p.posts[fmt.Sprintf("%s/%d", send.GetSendId(), send.GetAttempt())]++
	p.mu.Unlock()
	if p.do == nil {
		return "id-" + send.GetSendId(), nil
	}
	return p.do(ctx, send)
}

// sum is how many posts reached the provider.
func (p *provider) sum() (sum int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range p.posts {
		sum += n
	}
	return sum
}

// of is how often an attempt, "send/attempt", reached the provider.
func (p *provider) of(key string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.posts[key]
}

func send(id string) *ingressv1.Send {
	return &ingressv1.Send{SendId: id, Attempt: 1, AccountId: "acme", IntegrationId: "shop", Channel: "whatsapp"}
}

// office is an Egress between a tray and a desk.
type office struct {
	desk     *desk
	tray     *tray
	provider *provider
	config   egress.Config
	egress   *egress.Egress
	stop     context.CancelFunc
	ended    chan error
}

func newOffice(p *provider, sends ...*ingressv1.Send) *office {
	o := &office{desk: newDesk(), tray: newTray(sends...), provider: p}
	o.config = egress.Config{
		Publisher: o.desk,
		Open:      func(context.Context, string) (egress.Inbox, error) { return o.tray, nil },
		Directory: setUp(),
		Senders:   map[string]channel.Sender{"whatsapp": p},
		Instance:  "one",
		Logger:    slog.New(slog.DiscardHandler),
	}
	return o
}

// open starts it.
func (o *office) open(t *testing.T) {
	t.Helper()
	e, err := egress.New(o.config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	o.egress, o.stop, o.ended = e, cancel, make(chan error, 1)
	go func() { o.ended <- e.Run(ctx) }()
	t.Cleanup(cancel)
}

// close ends it and returns how long that took.
func (o *office) close(t *testing.T) time.Duration {
	t.Helper()
	began := time.Now()
	o.stop()
	if err := <-o.ended; err != nil {
		t.Errorf("Run = %v", err)
	}
	return time.Since(began)
}
