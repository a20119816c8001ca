// Package simulator stands in for Meta: the Graph API of WhatsApp Cloud,
// Messenger and Instagram messaging, signed webhooks, and the three phones
// behind them. The product under test sees Graph answers and webhooks and
// nothing else; whoever drives the simulator uses the control API under /sim/
// or the methods of Simulator, which do the same.
//
// # Start
//
//	sim, err := simulator.New(simulator.Config{
//		Apps:    []simulator.App{{ID: "1001", Secret: "s3cret", VerifyToken: "verify", CallbackURL: "http://127.0.0.1:8080/hook"}},
//		Numbers: []simulator.Number{{ID: "2001", WABA: "2000", App: "1001", Display: "15550100001", Token: "wa-token"}},
//	}, simulator.Options{})
//	go sim.Run(ctx)               // delivers the webhooks
//	http.ListenAndServe(addr, sim.Handler())
//
// The configuration is also a JSON file (ReadConfig) and can be replaced or
// patched while the simulator runs (PUT and PATCH /sim/config), so that a test
// can start it first and name the callback address later. An app without a
// callback address loses its events, as it does at the provider.
//
// # Graph API
//
// Under /{version}/: {phone_number_id}/messages, /media and /message_qrdls,
// {waba}/message_templates and /phone_numbers, {page|instagram|me}/messages and
// /message_attachments, {waba|page|instagram}/subscribed_apps,
// {page|instagram}/messenger_profile, and GET {id}. Errors have Graph's shape.
// A page's send goes to Messenger or to Instagram by what its recipient id is.
// The 24-hour window, rate limits and the life of media are kept by the
// simulator's clock. Files are at /media/, and what a business names by an
// address is fetched, from this machine only.
//
// # Webhooks
//
// Bodies are escaped as the provider escapes them (\u00e4, \/) and signed with
// the app's secret over exactly the bytes that are sent. One delivery is in
// flight per app, in order, and is repeated by its channel's schedule, or
// Config.Retry, until it is answered with 200; Messenger unsubscribes an app
// that fails for an hour. Config.Webhooks changes batch size, order and
// concurrency. The events that follow from a send (statuses, echo, delivery)
// leave when its HTTP answer has been written, unless a fault says otherwise.
//
// # Phones
//
// A person has three apps. Open follows a deep link, Send types or sends a file
// and everything else, Tap presses a button of a received message, React, Edit
// and Unsend change a message, Read opens the thread; Threads shows what the
// person sees. Happen sends the events that no phone is needed for, DoNative
// what somebody does in the provider's own app.
//
// # Faults and evidence
//
// Faults are rules: a kind, a filter, how often. They are deterministic for a
// seed and counted, so that a test can fail if its fault never fired. Sends
// lists every accepted message with the number of times that the same one was
// accepted: a count over 1 is a message that a customer got twice. It also
// counts every POST of a message whose earlier one had an open outcome.
//
// # Control API
//
// JSON in and out; an error is {"error": …} with 400, 404, 409, 413, or 504
// for a wait for something that did not happen; one with after= alone ends with
// what is there. {integration} is an id, or the channel's name if
// there is one of it. timeout is a duration ("5s"); without it nothing waits.
//
//	GET    /sim/                              a page of the phones, for people
//	GET    /sim/config                        Config
//	PUT    /sim/config                        Config, replaced
//	PATCH  /sim/config                        fields of Config; lists replaced, objects merged
//	GET    /sim/integrations                  {integrations: [Integration]}
//	PUT    /sim/apps/{id}/callback            {url, verify_token}
//	POST   /sim/apps/{id}/verify              the GET handshake; Handshake
//	POST   /sim/apps/{id}/webhook             any bytes: signed and posted as they are
//	GET    /sim/people                        {people: [Person]}
//	POST   /sim/people                        Person, answered with what was made up
//	GET    /sim/people/{name}/threads         ?integration= from= min= text= after= timeout=; Threads
//	POST   /sim/people/{name}/open            Visit; Visited
//	POST   /sim/people/{name}/send            Typed; Message
//	POST   /sim/people/{name}/tap             Press; Message
//	POST   /sim/people/{name}/read            {integration}; {read: n}
//	POST   /sim/people/{name}/react           {integration, message, emoji}
//	POST   /sim/people/{name}/edit            {integration, message, text}
//	POST   /sim/people/{name}/unsend          {integration, message}
//	POST   /sim/people/{name}/change-number   {phone, bsuid}; Person
//	POST   /sim/people/{name}/identity        IdentityChange; Person
//	POST   /sim/people/{name}/event           Happening
//	POST   /sim/integrations/{id}/native      Native; Message from the provider's own app
//	POST   /sim/integrations/{id}/token       {expired} or {token}
//	POST   /sim/integrations/{id}/test        {field}: the dashboard's test
//	POST   /sim/integrations/{id}/unsubscribe
//	GET    /sim/subscriptions                 {subscriptions: [Subscription]}
//	POST   /sim/apps/{id}/malformed           {kind}, one of MalformedKinds
//	GET    /sim/media                         Downloads
//	GET    /sim/media/{id}                    the bytes
//	GET    /sim/faults                        FaultReport
//	PUT    /sim/faults                        {faults: [Fault]}, replaced; FaultReport
//	POST   /sim/faults                        Fault, added; Fault
//	DELETE /sim/faults/{id}
//	GET    /sim/sends                         ?integration= recipient= key= duplicates=1 limit=; SendReport
//	GET    /sim/calls                         ?limit=; CallReport
//	GET    /sim/deliveries                    ?app= integration= event= state= limit=; DeliveryReport
//	POST   /sim/deliveries/{id}/redeliver     the same bytes once more
//	GET    /sim/idle                          ?timeout=; DeliveryTotals as soon as nothing is pending
//	GET    /sim/clock                         {now}
//	POST   /sim/clock                         {advance: "25h"}; {now}
//	POST   /sim/reset
//
// The control API has no authentication: it starts requests to the callback
// addresses that it is given and shows secrets of the configuration. Bind it
// to a loopback address. Requests that a browser sends from another origin are
// refused.
package simulator

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Options are what a Simulator takes from the process around it. The zero
// value is ready to use.
type Options struct {
	// Client posts the webhooks; http.DefaultClient if nil. Redirects are
	// never followed and the time-out is Config.Retry.Timeout.
	Client *http.Client
	// Fetcher fetches the media that a business names by an address. If nil, one
	// is used that reaches this machine alone and follows no redirects.
	Fetcher *http.Client
	// Now is the clock under the simulator's own; time.Now if nil.
	Now func() time.Time
	// Log gets one line per webhook attempt and Graph call at debug level; nil
	// discards them.
	Log *slog.Logger
	// TrustedOrigins are the origins ("https://demo.example") whose pages may
	// call the control API from a browser, besides the simulator's own.
	TrustedOrigins []string
}

// Simulator is one simulated provider. Its methods may be called from several
// goroutines, before, during and after Run.
type Simulator struct {
	client  *http.Client
	fetcher *http.Client
	baseNow func() time.Time
	log     *slog.Logger
	handler http.Handler

	mu      sync.Mutex
	running bool
	changed chan struct{} // closed and replaced at every change
	wake    chan struct{} // tells Run that the queue has changed
	stopped chan struct{} // closed when held answers must be given up
	rev     int64         // counts changes, from 1: 0 asks for no change to wait for

	config       Config
	integrations map[string]*integration
	offset       time.Duration
	ids          idSource

	people        map[string]*person
	identities    map[string]*person
	threads       map[threadKey]*thread
	messages      map[string]*thread
	subscriptions map[string]*subscription
	profiles      map[string]profile

	media      map[string]*medium
	mediaOrder []*medium // oldest first
	mediaBytes int
	mediaSeq   int64
	downloads  Downloads
	links      map[string]fetched
	shorts     []*shortLink
	seenBase   string          // the address that the last request came to
	lapsed     map[string]bool // tokens that have expired
	failing    map[failKey]time.Time
	throughput map[string]*bucket
	limited    int // sends over a limit

	faults      []*rule
	fired       map[FaultKind]int
	faultSeq    int
	sends       *ledger
	calls       ring[Call]
	callSeq     int64
	queues      map[string]*queue
	delivered   ring[*delivery]
	totals      DeliveryTotals
	itemSeq     int64
	deliverID   int64
	outstanding map[int64]int // undelivered events by the send that they follow from
	epoch       int           // counts resets, so that old attempts are told from new
}

// New returns a simulator for config. It returns ErrConfig for a configuration
// that contradicts itself. Nothing is delivered before Run.
func New(config Config, options Options) (*Simulator, error) {
	if options.Client == nil {
		options.Client = http.DefaultClient
	}
	if options.Fetcher == nil {
		options.Fetcher = loopbackClient()
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	client := *options.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Timeout = 0
	s := &Simulator{
		client:  &client,
		fetcher: options.Fetcher,
		baseNow: options.Now,
		log:     options.Log,
		changed: make(chan struct{}),
		rev:     1,
		wake:    make(chan struct{}, 1),
		stopped: make(chan struct{}),
	}
	handler, err := s.routes(options.TrustedOrigins)
	if err != nil {
		return nil, err
	}
	s.handler = handler
	config, integrations, err := prepare(config)
	if err != nil {
		return nil, err
	}
	s.config, s.integrations = config, integrations
	if err := s.clear(); err != nil {
		return nil, err
	}
	return s, nil
}

// Handler serves the Graph API at /{version}/ and the control API at /sim/.
// The caller's server sets ReadHeaderTimeout; it must not set a WriteTimeout
// shorter than the time-outs that are to be simulated.
func (s *Simulator) Handler() http.Handler { return s.handler }

// Reset returns to the state after New with the present configuration: its
// people, no threads, no sends, no deliveries, the configured faults, the
// clock at the present. Answers that are held are given up.
func (s *Simulator) Reset() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.releaseHolds()
	err := s.clear()
	s.touch()
	return err
}

// clear sets every field that a run fills. s.mu is held, or s is not shared yet.
func (s *Simulator) clear() error {
	s.epoch++
	s.offset = 0
	s.ids = idSource{seed: s.config.Seed}
	s.people = map[string]*person{}
	s.identities = map[string]*person{}
	s.threads = map[threadKey]*thread{}
	s.messages = map[string]*thread{}
	s.subscriptions = map[string]*subscription{}
	s.profiles = map[string]profile{}
	s.media, s.mediaOrder, s.mediaBytes, s.mediaSeq = map[string]*medium{}, nil, 0, 0
	s.downloads = Downloads{}
	s.links = map[string]fetched{}
	s.shorts = nil
	s.lapsed = map[string]bool{}
	s.failing = map[failKey]time.Time{}
	s.throughput, s.limited = map[string]*bucket{}, 0
	s.fired = map[FaultKind]int{}
	s.faultSeq = 0
	s.sends = newLedger(s.config.Keep.Sends)
	s.calls = ring[Call]{max: s.config.Keep.Calls}
	s.callSeq = 0
	s.queues = map[string]*queue{}
	s.delivered = ring[*delivery]{max: s.config.Keep.Deliveries}
	s.totals = DeliveryTotals{}
	s.outstanding = map[int64]int{}
	s.itemSeq, s.deliverID = 0, 0
	if err := s.setFaults(s.config.Faults); err != nil {
		return err
	}
	return s.addConfiguredPeople()
}

// touch wakes everybody who waits for a change. s.mu is held.
func (s *Simulator) touch() {
	s.rev++
	close(s.changed)
	s.changed = make(chan struct{})
	s.kick()
}

// kick makes Run look at the queues again.
func (s *Simulator) kick() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// releaseHolds ends the answers that a fault holds back. s.mu is held.
func (s *Simulator) releaseHolds() {
	close(s.stopped)
	s.stopped = make(chan struct{})
}

// await blocks until done, called with s.mu held, returns true. It returns
// ErrTimeout when ctx ends first.
func (s *Simulator) await(ctx context.Context, done func() bool) error {
	for {
		s.mu.Lock()
		ok, changed := done(), s.changed
		s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ErrTimeout
		}
	}
}
