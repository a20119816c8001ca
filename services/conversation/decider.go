package conversation

import (
	"bytes"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// The refusals, by short names.
const (
	notFound       = ingressv1.Refusal_REFUSAL_NOT_FOUND
	invalid        = ingressv1.Refusal_REFUSAL_INVALID
	tokenReused    = ingressv1.Refusal_REFUSAL_TOKEN_REUSED
	tooLate        = ingressv1.Refusal_REFUSAL_TOO_LATE
	notOffered     = ingressv1.Refusal_REFUSAL_CHANNEL_NOT_OFFERED
	alreadyLinked  = ingressv1.Refusal_REFUSAL_ALREADY_LINKED
	linkEnded      = ingressv1.Refusal_REFUSAL_LINK_ENDED
	noDestination  = ingressv1.Refusal_REFUSAL_NO_SUCH_DESTINATION
	emptyRoute     = ingressv1.Refusal_REFUSAL_EMPTY_ROUTE
	routeChanged   = ingressv1.Refusal_REFUSAL_ROUTE_CHANGED
	claimLost      = ingressv1.Refusal_REFUSAL_CLAIM_LOST
	signInRequired = ingressv1.Refusal_REFUSAL_SIGN_IN_REQUIRED
	widgetBinding  = ingressv1.Refusal_REFUSAL_WIDGET_BINDING

	closedWindow       = ingressv1.Refusal_REFUSAL_WINDOW_CLOSED
	channelUnhealthy   = ingressv1.Refusal_REFUSAL_CHANNEL_UNHEALTHY
	unconfirmedAddress = ingressv1.Refusal_REFUSAL_UNCONFIRMED
	settingsChanged    = ingressv1.Refusal_REFUSAL_SETTINGS_CHANGED
	wrongLogin         = ingressv1.Refusal_REFUSAL_WRONG_LOGIN
	unsupportedContent = ingressv1.Refusal_REFUSAL_UNSUPPORTED_CONTENT
)

// decider is one decision in the making: the events so far, and drafts of what
// they change, so that a later step of the decision sees what an earlier one
// did. The state itself stays as it is.
type decider struct {
	state    *State
	head     *Header
	ids      ids
	events   []Event
	expected map[Stream]uint64

	conversations map[string]*conversationDraft
	identities    map[string]*identityDraft
	// sickened are the integrations whose health this decision changed; nil where
	// they recovered.
	sickened map[string]*eventv1.SendError

	answer Decision
	// also are keys that the decision makes known beside that of its command.
	also []Dedup
}

func newDecider(s *State, h *Header) *decider {
	return &decider{
		state: s, head: h, ids: ids{last: h.ID},
		expected:      map[Stream]uint64{},
		conversations: map[string]*conversationDraft{},
		identities:    map[string]*identityDraft{},
		sickened:      map[string]*eventv1.SendError{},
	}
}

// finish closes the decision.
func (d *decider) finish() Decision {
	answer := d.answer
	answer.Events = d.events
	answer.Expected = d.expected
	if len(d.events) > 0 && d.head.Dedup.Key != "" {
		d.events[0].Dedup = append([]Dedup{d.head.Dedup}, d.also...)
	}
	return answer
}

// emit adds an event and returns its id.
func (d *decider) emit(stream Stream, body proto.Message) string {
	id := d.ids.next()
	d.events = append(d.events, Event{Stream: stream, ID: id, At: d.head.Now, Body: body})
	return id
}

// look returns the entry of a map, and asks for it where a partial state does
// not hold it.
func look[V any](d *decider, m map[string]V, kind RefKind, key string) V {
	value, ok := m[key]
	if !ok && d.state.partial {
		panic(&Need{Ref: Ref{Kind: kind, Key: key}})
	}
	return value
}

// seen says whether the command took effect before.
func (d *decider) seen(key Dedup) (bool, error) {
	hash := look(d, d.state.seen, RefSeen, key.Key)
	if hash == nil {
		return false, nil
	}
	if key.Hash != nil && len(hash) > 0 && !bytes.Equal(hash, key.Hash) {
		return false, refuse(tokenReused, "this client token came before with other content")
	}
	return true, nil
}

// account returns the set-up of the command's account.
func (d *decider) account() *Account {
	account := look(d, d.state.accounts, RefAccount, d.head.Account)
	stream := Stream{CategoryAccount, d.head.Account}
	if account == nil {
		d.expected[stream] = 0
		return &Account{ID: d.head.Account}
	}
	d.expected[stream] = account.Version
	return account
}

// integration returns a connected integration of the account.
func (d *decider) integration(id string) (*eventv1.IntegrationConnected, error) {
	if integration := d.account().Integrations[id]; integration != nil {
		return integration, nil
	}
	return nil, refuse(notFound, "there is no such integration")
}

// content returns the content that an event holds; nil where it is gone.
func (d *decider) content(eventID string) *eventv1.Content {
	return look(d, d.state.contents, RefContent, eventID)
}

// sentAt returns the provider's time, which is never later than the time
// received.
func (d *decider) sentAt(provider time.Time) time.Time {
	if provider.IsZero() || provider.After(d.head.Received) {
		return d.head.Received
	}
	return provider
}

// stamp returns t as the events hold it, to the microsecond; nil for the zero
// time.
func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t.Truncate(time.Microsecond))
}

// moment returns the time that an event holds; zero for nil.
func moment(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}
