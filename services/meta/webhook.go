package meta

import (
	"context"
	"io"
	"net/http"
	"time"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// MaxBody is the largest body that a webhook may have, in bytes.
const MaxBody = 4 << 20

// WebhookConfig is what a [Webhook] needs. Directory, Publisher and Readers
// have no default.
type WebhookConfig struct {
	// Directory knows apps and integrations.
	Directory channel.Directory
	// Publisher takes the batches.
	Publisher channel.Publisher
	// Readers are the parsers by the name of their channel.
	Readers map[string]channel.Reader
	// Events is told what happens.
	Events WebhookEvents
	// Timeout is how long the answers are waited for; 4 s.
	Timeout time.Duration
	// Parallel is how many batches of one webhook are published at a time; 16.
	Parallel int
	// Now is the clock.
	Now func() time.Time
}

// WebhookEvents is told what happens, for metrics. Its functions are called
// concurrently and get nothing personal; those that are nil are not called.
type WebhookEvents struct {
	// Refused is called for a request that is not believed: reason is size,
	// signature, handshake or body.
	Refused func(channel, reason string)
	// Received is called for each body that is believed.
	Received func(channel, app string, bytes int)
	// Item is called for each item: inbound, receipt, echo, ignored or
	// quarantined. Routed says that it has an integration of the app.
	Item func(channel, kind string, routed bool)
	// Panicked is called when a Reader panicked.
	Panicked func(channel string, value any)
	// Published is called after each batch, with the error that kept it from
	// being committed.
	Published func(channel string, items int, took time.Duration, err error)
	// Answered is called with the status of each POST. App is empty where the
	// address is no app's.
	Answered func(channel, app string, status int, took time.Duration)
}

// EnsureDefaults sets what is not set and returns the config.
func (c WebhookConfig) EnsureDefaults() WebhookConfig {
	if c.Timeout == 0 {
		c.Timeout = 4 * time.Second
	}
	if c.Parallel == 0 {
		c.Parallel = 16
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	e := &c.Events
	if e.Refused == nil {
		e.Refused = func(string, string) {}
	}
	if e.Received == nil {
		e.Received = func(string, string, int) {}
	}
	if e.Item == nil {
		e.Item = func(string, string, bool) {}
	}
	if e.Panicked == nil {
		e.Panicked = func(string, any) {}
	}
	if e.Published == nil {
		e.Published = func(string, int, time.Duration, error) {}
	}
	if e.Answered == nil {
		e.Answered = func(string, string, int, time.Duration) {}
	}
	return c
}

// Webhook answers the providers' webhooks. It is to be mounted at [Pattern].
//
// A POST is answered 200 only after each of its items is committed, ignored or
// quarantined durably. Without that it is 503, and the provider repeats it.
// Whoever cannot sign learns nothing: an unknown app and a wrong signature get
// the same empty 401.
type Webhook struct {
	config WebhookConfig
}

// Pattern is where a [Webhook] is mounted on an [http.ServeMux].
const Pattern = "/webhooks/{channel}/{app}"

// NewWebhook returns the handler for a config.
func NewWebhook(config WebhookConfig) *Webhook { return &Webhook{config: config.EnsureDefaults()} }

// ServeHTTP answers one request.
func (h *Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		h.handshake(w, r)
	case http.MethodPost:
		start := h.config.Now()
		status := h.receive(r, start)
		if status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		}
		w.WriteHeader(status)
		app, _ := h.app(r)
		h.config.Events.Answered(r.PathValue("channel"), app.ID, status, h.config.Now().Sub(start))
	default:
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// app returns the app whose address was called. Without one it returns an app
// that nothing can match.
func (h *Webhook) app(r *http.Request) (channel.App, channel.Reader) {
	name := r.PathValue("channel")
	reader, ok := h.config.Readers[name]
	app, found := h.config.Directory.App(r.PathValue("app"))
	if !ok || !found || app.Channel != name {
		return channel.App{Secrets: []channel.Secret{""}}, nil
	}
	return app, reader
}

// receive takes one POST and returns the status to answer with.
func (h *Webhook) receive(r *http.Request, received time.Time) int {
	name := r.PathValue("channel")
	refuse := func(reason string, status int) int {
		h.config.Events.Refused(name, reason)
		return status
	}
	if r.ContentLength > MaxBody {
		return refuse("size", http.StatusRequestEntityTooLarge)
	}
	signatures := r.Header.Values(SignatureHeader)
	if len(signatures) != 1 || !WellFormed(signatures[0]) {
		return refuse("signature", http.StatusUnauthorized)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil {
		return refuse("body", http.StatusBadRequest)
	}
	if len(body) > MaxBody {
		return refuse("size", http.StatusRequestEntityTooLarge)
	}
	app, reader := h.app(r)
	if !Verify(app.Secrets, body, signatures[0]) {
		return refuse("signature", http.StatusUnauthorized)
	}
	h.config.Events.Received(name, app.ID, len(body))

	ctx, cancel := context.WithTimeout(r.Context(), h.config.Timeout)
	defer cancel()
	if err := h.publish(ctx, name, h.split(name, app, h.read(name, reader, body)), received); err != nil {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// read returns the items of a body. One that nobody understands is one item.
func (h *Webhook) read(name string, reader channel.Reader, body []byte) (items []*ingressv1.Item) {
	defer func() {
		if v := recover(); v != nil {
			h.config.Events.Panicked(name, v)
			items = one(unreadable("the reader panicked", "", nil, body))
		}
	}()
	items, err := reader.Read(body)
	if err != nil {
		return one(unreadable("no webhook", "", nil, body))
	}
	return items
}
