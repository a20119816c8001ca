// Package fetch brings the files of messages from where providers keep them into
// the blob store. It takes what the router asks for, and reports what became of it;
// what it cannot do now is asked for again.
package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/blob"
	"weiche/services/broker"
	"weiche/services/channel"
)

// Config is what a Fetcher needs.
type Config struct {
	// Store takes the files.
	Store *blob.Store
	// Publisher takes the reports to the router.
	Publisher channel.Publisher
	// Directory knows the integrations and their tokens.
	Directory channel.Directory
	// Instance names this process at the router.
	Instance string
	// GraphURL is a server in the provider's place, whose files are fetched from
	// its exact address wherever that is; the provider's if empty. GraphVersion is
	// v26.0 if empty.
	GraphURL, GraphVersion string
	// MaxBytes is the size of the largest file; 100 MB if 0.
	MaxBytes int64
	// Workers bounds the files that are fetched at a time, and PerIntegration those
	// of one integration; 8 and 4 if 0.
	Workers, PerIntegration int
	// Within is how long one file may take; 10 minutes if 0.
	Within time.Duration
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// Logger gets what the log of record does not say; slog.Default if nil.
	Logger *slog.Logger
	// Events is told what happens.
	Events Events
}

// MaxBytes is the size of the largest file that is fetched or taken from an agent:
// what WhatsApp calls 100 MB.
const MaxBytes = 100 << 20

func (c *Config) ensureDefaults() {
	c.GraphVersion = cmp.Or(c.GraphVersion, "v26.0")
	c.MaxBytes = cmp.Or(c.MaxBytes, MaxBytes)
	c.Workers = cmp.Or(c.Workers, 8)
	c.PerIntegration = cmp.Or(c.PerIntegration, 4)
	c.Within = cmp.Or(c.Within, 10*time.Minute)
	c.Logger = cmp.Or(c.Logger, slog.Default())
	c.Events = c.Events.ensureDefaults()
	if c.Now == nil {
		c.Now = time.Now
	}
}

// Fetcher fetches files.
type Fetcher struct {
	config Config
	graph  *url.URL
	policy *policy

	mu sync.Mutex
	// busy holds the files that are being fetched, and loads how many there are of
	// each integration.
	busy  map[string]bool
	loads map[string]int
}

// New returns a Fetcher. The error is that of a GraphURL that is none.
func New(config Config) (*Fetcher, error) {
	config.ensureDefaults()
	graph, err := url.Parse(cmp.Or(config.GraphURL, "https://graph.facebook.com"))
	if err != nil || graph.Host == "" {
		return nil, fmt.Errorf("fetch: %q is no address of a Graph API", config.GraphURL)
	}
	var instead *url.URL
	if config.GraphURL != "" {
		instead = graph
	}
	return &Fetcher{
		config: config, graph: graph, policy: newPolicy(instead), busy: map[string]bool{}, loads: map[string]int{},
	}, nil
}

// Delivery is one file that is to be fetched. *broker.FetchDelivery is made into one
// by FromBroker.
type Delivery struct {
	// Fetch is what to fetch, nil where Err says why it cannot be read.
	Fetch *ingressv1.FetchMedia
	Err   error
	Handle
}

// Handle is a delivery's end at the transport.
type Handle interface {
	Ack() error
	Nak(delay time.Duration) error
	InProgress() error
}

// Inbox is where files to be fetched come from. One goroutine calls Next.
type Inbox interface {
	Next(ctx context.Context, maxItems int) ([]Delivery, error)
	Close()
}

// FromBroker opens what is to be fetched, however long the server is out of reach.
func FromBroker(ctx context.Context, b *broker.Broker) (Inbox, error) {
	for {
		in, err := b.Fetches(ctx)
		if !errors.Is(err, broker.ErrUnavailable) {
			return brokerInbox{in}, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

type brokerInbox struct{ in *broker.FetchInbox }

func (b brokerInbox) Next(ctx context.Context, maxItems int) ([]Delivery, error) {
	fetches, err := b.in.Next(ctx, maxItems)
	deliveries := make([]Delivery, len(fetches))
	for at, d := range fetches {
		deliveries[at] = Delivery{Fetch: d.Fetch, Err: d.Err, Handle: d}
	}
	return deliveries, err
}

func (b brokerInbox) Close() { b.in.Close() }

// Run fetches what an inbox brings until ctx ends, and returns nil then. What is
// under way is given up: it is asked for again.
func (f *Fetcher) Run(ctx context.Context, in Inbox) error {
	defer in.Close()
	var working sync.WaitGroup
	defer working.Wait()
	free := make(chan struct{}, f.config.Workers)
	for {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		deliveries, err := in.Next(ctx, 1)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("fetch: %w", err)
		}
		if len(deliveries) == 0 {
			<-free
		}
		for _, d := range deliveries {
			working.Go(func() {
				defer func() { <-free }()
				f.handle(ctx, d)
			})
		}
	}
}

// crowded is how long a file waits whose integration has enough under way.
const crowded = 2 * time.Second

// handle fetches one file and reports on it.
func (f *Fetcher) handle(ctx context.Context, d Delivery) {
	if d.Err != nil {
		f.config.Logger.Error("a message on FETCH cannot be read and is dropped", "error", d.Err)
		f.ended(d.Ack())
		return
	}
	began, mine := f.begin(d.Fetch)
	if !mine {
		f.ended(d.Ack()) // somebody is at it
		return
	}
	if !began {
		f.ended(d.Nak(crowded))
		return
	}
	defer f.end(d.Fetch)
	ctx, cancel := context.WithTimeout(ctx, f.config.Within)
	defer cancel()
	stop := keepAlive(d)
	defer stop()
	report := &ingressv1.ReportMedia{MediaId: d.Fetch.GetMediaId(), ConversationId: d.Fetch.GetConversationId()}
	tried := time.Now()
	stored, err := f.file(ctx, d.Fetch)
	fetched := func(outcome string) {
		f.config.Events.Fetched(d.Fetch.GetChannel(), outcome, stored.GetSize(), time.Since(tried))
	}
	var failed *failure
	switch {
	case err == nil:
		fetched(OutcomeStored)
		report.Outcome = &ingressv1.ReportMedia_Stored{Stored: stored}
	case errors.As(err, &failed) && failed.final:
		fetched(OutcomeFailed)
		f.config.Logger.Warn("a file is not to be had", "account", d.Fetch.GetAccountId(), "media", d.Fetch.GetMediaId(), "error", err)
		report.Outcome = &ingressv1.ReportMedia_Failed{Failed: &eventv1.SendError{Reason: failed.reason}}
	default:
		// Its timer asks for it again.
		fetched(OutcomeAgain)
		f.config.Logger.Warn("a file was not fetched", "account", d.Fetch.GetAccountId(), "media", d.Fetch.GetMediaId(),
			"attempt", d.Fetch.GetAttempt(), "error", err)
		f.ended(d.Ack())
		return
	}
	if !f.report(ctx, d.Fetch, report) {
		f.ended(d.Nak(crowded))
		return
	}
	f.ended(d.Ack())
}

// begin says whether a file is to be fetched now, and whether it is ours at all.
func (f *Fetcher) begin(what *ingressv1.FetchMedia) (began, mine bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy[what.GetMediaId()] {
		return false, false
	}
	if f.loads[integrationIn(what)] >= f.config.PerIntegration {
		return false, true
	}
	f.busy[what.GetMediaId()] = true
	f.loads[integrationIn(what)]++
	return true, true
}

func (f *Fetcher) end(what *ingressv1.FetchMedia) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.busy, what.GetMediaId())
	if f.loads[integrationIn(what)]--; f.loads[integrationIn(what)] == 0 {
		delete(f.loads, integrationIn(what))
	}
}

func integrationIn(what *ingressv1.FetchMedia) string {
	return what.GetAccountId() + " " + what.GetIntegrationId()
}

func (f *Fetcher) ended(err error) {
	if err != nil {
		f.config.Logger.Debug("fetch: ack not sent", "error", err)
	}
}

// keepAlive keeps a delivery from being given to others while it is worked on.
func keepAlive(d Delivery) (stop func()) {
	done := make(chan struct{})
	var ticking sync.WaitGroup
	ticking.Go(func() {
		tick := time.NewTicker(10 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				_ = d.InProgress() // without it the file comes again, and is left to us
			case <-done:
				return
			}
		}
	})
	return func() { close(done); ticking.Wait() }
}

// answerWithin is how long one report waits for its answer, and reports how often it
// is made.
const (
	answerWithin = 5 * time.Second
	reports      = 3
)

// report tells the router, and removes what nobody waits for any more. It is false
// where no answer came.
func (f *Fetcher) report(ctx context.Context, what *ingressv1.FetchMedia, report *ingressv1.ReportMedia) bool {
	from := channel.Source{Kind: channel.KindEgress, Account: what.GetAccountId(), ID: f.config.Instance}
	batch := &ingressv1.Batch{ReceivedAt: timestamppb.New(f.config.Now()), Items: []*ingressv1.Item{{
		Kind: &ingressv1.Item_Sender{Sender: &ingressv1.SenderCommand{Command: &ingressv1.SenderCommand_Media{Media: report}}},
	}}}
	for range reports {
		asking, cancel := context.WithTimeout(ctx, answerWithin)
		answer, err := f.config.Publisher.Publish(asking, from, batch)
		cancel()
		if err != nil || len(answer.GetItems()) != 1 {
			f.config.Logger.Warn("a report on a file got no answer", "media", what.GetMediaId(), "error", err)
			continue
		}
		if answer.GetItems()[0].GetStatus() == ingressv1.ItemStatus_ITEM_STATUS_REFUSED && report.GetStored() != nil {
			id := report.GetStored().GetBlobId()
			if err := f.config.Store.Remove(ctx, what.GetAccountId(), id, blob.ThumbnailID(id)); err != nil {
				f.config.Logger.Warn("a file that nobody waits for was not removed", "media", what.GetMediaId(), "error", err)
			}
		}
		if upload := what.GetMedia().GetBlobId(); upload != "" {
			// It was copied, or never will be. What stays here, Sweep removes.
			if err := f.config.Store.Remove(ctx, what.GetAccountId(), upload, blob.ThumbnailID(upload)); err != nil {
				f.config.Logger.Warn("an upload that was copied was not removed", "media", what.GetMediaId(), "error", err)
			}
		}
		return true
	}
	return false
}
