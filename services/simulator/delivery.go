package simulator

import (
	"context"
	"slices"
	"time"
)

// Delivery is one signed POST to an app and its attempts.
type Delivery struct {
	ID           int64         `json:"id"`
	App          string        `json:"app"`
	Integrations []string      `json:"integrations"`
	Events       []string      `json:"events"`
	State        DeliveryState `json:"state"`
	At           time.Time     `json:"at"`
	Body         string        `json:"body"`
	Signature    string        `json:"signature"`
	Tries        int           `json:"tries"`
	Attempts     []Attempt     `json:"attempts"` // the last 20
}

// DeliveryState is how far a delivery is.
type DeliveryState string

// The states of a delivery. Paused and delayed events have none yet.
const (
	DeliveryInFlight  DeliveryState = "in_flight"
	DeliveryWaiting   DeliveryState = "waiting" // for its next attempt
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryGivenUp   DeliveryState = "given_up"
)

// Attempt is one POST. Status is 0 if there was no answer.
type Attempt struct {
	At     time.Time `json:"at"`
	Status int       `json:"status"`
	Error  string    `json:"error,omitempty"`
	TookMS int64     `json:"took_ms"`
}

// DeliveryTotals counts since the last Reset.
type DeliveryTotals struct {
	Pending   int `json:"pending"`   // events that wait, POSTs in flight or before their next attempt
	Delivered int `json:"delivered"` // POSTs answered with 200
	Attempts  int `json:"attempts"`  // POSTs made
	GivenUp   int `json:"given_up"`
	// Unsubscribed counts the subscriptions that the provider took away.
	Unsubscribed int `json:"unsubscribed"`
	Dropped      int `json:"dropped"` // events dropped by a fault
	// Undeliverable counts events without a callback, a subscription or a
	// place in the queue.
	Undeliverable int `json:"undeliverable"`
}

// DeliveryReport is the totals, what is under way, and the deliveries that are
// finished and still remembered, by id.
type DeliveryReport struct {
	Totals     DeliveryTotals `json:"totals"`
	Evicted    int            `json:"evicted"`
	Deliveries []Delivery     `json:"deliveries"`
}

// DeliveryQuery selects deliveries. A zero field does not filter.
type DeliveryQuery struct {
	App, Integration, Event string
	State                   DeliveryState
	Limit                   int // the newest
}

type delivery struct {
	Delivery
	epoch   int
	items   int
	sends   []int64 // the sends that its events follow from
	channel Channel
	once    bool      // no further attempt
	next    time.Time // of the next attempt
}

const maxAttemptsKept = 20

// Deliveries reports the webhooks.
func (s *Simulator) Deliveries(q DeliveryQuery) DeliveryReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := DeliveryReport{Totals: s.totals, Evicted: s.delivered.evicted, Deliveries: []Delivery{}}
	out.Totals.Pending = s.pending()
	for _, d := range s.delivered.values {
		if (q.App != "" && q.App != d.App) || (q.State != "" && q.State != d.State) ||
			(q.Integration != "" && !slices.Contains(d.Integrations, q.Integration)) ||
			(q.Event != "" && !slices.ContainsFunc(d.Events, func(e string) bool { return matches(q.Event, e) })) {
			continue
		}
		shown := d.Delivery
		shown.Attempts = slices.Clone(d.Attempts)
		out.Deliveries = append(out.Deliveries, shown)
	}
	if n := len(out.Deliveries); q.Limit > 0 && n > q.Limit {
		out.Deliveries = out.Deliveries[n-q.Limit:]
	}
	return out
}

// Idle returns as soon as no webhook is pending: none queued, delayed, paused,
// in flight or waiting for its next attempt. It returns ErrTimeout when ctx
// ends first.
func (s *Simulator) Idle(ctx context.Context) error {
	return s.await(ctx, func() bool { return s.pending() == 0 })
}

// Redeliver posts the bytes of a delivery once more, as the provider does when
// another app's acknowledgement was missing.
func (s *Simulator) Redeliver(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.delivered.values {
		if d.ID == id {
			s.pushRaw(d.App, []byte(d.Body))
			return nil
		}
	}
	return notFound("delivery %d", id)
}

// Post signs body as it is and posts it to app, whatever it holds. It is for
// bodies that the product should survive.
func (s *Simulator) Post(app string, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.app(app) == nil {
		return notFound("app %q", app)
	}
	s.pushRaw(app, body)
	return nil
}

func (s *Simulator) pushRaw(app string, body []byte) {
	now := s.now()
	s.push(item{app: app, name: "raw", body: body, raw: true, due: now, created: now})
	s.touch()
}

// pending counts what Idle waits for. s.mu is held.
func (s *Simulator) pending() int {
	n := 0
	for _, q := range s.queues {
		n += q.pending()
	}
	return n
}
