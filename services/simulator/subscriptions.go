package simulator

import (
	"cmp"
	"slices"
	"time"
)

// Subscription is what an app is subscribed to, as the provider's dashboard
// shows it.
type Subscription struct {
	// Entry is the id of a WhatsApp business account, a page or an Instagram
	// account.
	Entry   string   `json:"entry"`
	Channel Channel  `json:"channel"`
	App     string   `json:"app"`
	Active  bool     `json:"active"`
	Fields  []string `json:"fields,omitempty"` // all if empty
	// Ended says that the provider took the subscription away, and when.
	Ended *time.Time `json:"ended,omitempty"`
	// FailingSince is when the app's webhooks began to fail; Alerted that they
	// have for 15 minutes.
	FailingSince *time.Time `json:"failing_since,omitempty"`
	Alerted      bool       `json:"alerted,omitempty"`
}

// Subscriptions reports what the apps get.
func (s *Simulator) Subscriptions() []Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Subscription{}
	seen := map[string]bool{}
	for _, in := range s.integrations {
		if seen[in.entry] {
			continue
		}
		seen[in.entry] = true
		shown := Subscription{Entry: in.entry, Channel: in.channel, App: in.app, Active: s.wants(in, "messages")}
		if sub := s.subscriptions[in.entry]; sub != nil {
			shown.Fields = slices.Clone(sub.fields)
		}
		if sub := s.endedOf(in); sub != nil {
			shown.Ended = &sub.since
		}
		if since, failing := s.failing[failKey{in.app, in.channel}]; failing {
			shown.FailingSince = &since
			shown.Alerted = s.now().Sub(since) >= s.scaled(alertAfter)
		}
		out = append(out, shown)
	}
	slices.SortFunc(out, func(a, b Subscription) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Entry, b.Entry))
	})
	return out
}

// endedOf returns the subscription of in that the provider took away, its own
// or that of its page; nil if there is none. s.mu is held.
func (s *Simulator) endedOf(in *integration) *subscription {
	sub := s.subscriptions[in.entry]
	if sub == nil && in.page != "" {
		sub = s.subscriptions[in.page]
	}
	if sub == nil || !sub.ended {
		return nil
	}
	return sub
}

// Unsubscribe takes the subscription of an integration away at once, as the
// provider does after an hour of failures.
func (s *Simulator) Unsubscribe(integration string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, err := s.findIntegration(integration)
	if err != nil {
		return err
	}
	s.end(in)
	s.touch()
	return nil
}
