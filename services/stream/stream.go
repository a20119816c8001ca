// Package stream tells programs and pages what happens, as it happens. A process has
// one Hub: it hears everything once, from the log where that is in the process and else
// from EVENTS, finds by the dense sequence of each account what it has missed there and
// reads that from the log, and hands everything to those who follow it. Who follows gets
// each thing once, in order and without a gap, and a cursor with which it goes on elsewhere
// or later.
//
// What programs follow are events. What pages follow are changes: rows of the views,
// read after what happened, once for all that show the same.
package stream

import (
	"context"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/services/broker"
)

// Live tells what happens. It may lose, repeat and reorder: the hub finds out.
type Live interface {
	// Follow calls take with each event from a place on, those to come if it is the
	// zero value, until ctx ends or something fails. It never returns nil.
	Follow(ctx context.Context, from broker.Place, take func(broker.Event)) error
}

// Log is where the hub reads what Live does not tell. Each record is one event, empty
// where nothing is public.
type Log interface {
	// Head returns where the log ends, and its incarnation.
	Head(ctx context.Context) (broker.Place, error)
	// Sequence returns the sequence of an account's last record that is not after a
	// position; 0 where there is none.
	Sequence(ctx context.Context, account string, position uint64) (uint64, error)
	// Account returns at most limit records of an account after a sequence, in order
	// and without a gap; none where that was the last.
	Account(ctx context.Context, account string, after uint64, limit int) ([]broker.Event, error)
	// Conversation is Account for the records of one conversation, after a version.
	Conversation(ctx context.Context, account, conversationID string, after uint64, limit int) ([]broker.Event, error)
}

// Pages reads what pages show. Everything that it returns may be kept, and is not
// changed later.
type Pages interface {
	// Reach returns once the views and the set-up show a position.
	Reach(ctx context.Context, position uint64) error
	// Changes returns what looks different of a topic's conversation since a
	// position; none where nothing does. Several follow each other where they do not
	// fit into one. Who asks adds type and version.
	Changes(ctx context.Context, topic Topic, since uint64) ([]*streamv1.Change, error)
	// Setup returns what looks different of a topic after the set-up has changed, one
	// after the other; none where nothing does.
	Setup(ctx context.Context, topic Topic) ([]*streamv1.Change, error)
	// Current returns the conversation that a visitor is in; empty where none has
	// begun.
	Current(ctx context.Context, visitor Visitor) (conversationID string, err error)
	// Visitors returns who of the visitors are a customer.
	Visitors(ctx context.Context, account, customerID string) ([]Visitor, error)
	// AgentName returns the name of an agent; empty where there is none.
	AgentName(account, agentID string) string
}

// Signals is where signs of typing and of presence come from.
type Signals func(take func(*ingressv1.Signal)) (stop func(), err error)

// Kind is what somebody follows, and how it is told.
type Kind int

// The kinds.
const (
	// Everything is all events of an account.
	Everything Kind = iota + 1
	// Inbox is the rows of the inbox of an account.
	Inbox
	// Conversation is one conversation as agents see it.
	Conversation
	// Own is one conversation as its visitor sees it.
	Own
)

// Topic is what several may follow: whoever follows the same is told the same.
type Topic struct {
	// Kind is what it is.
	Kind Kind
	// Account is whose.
	Account string
	// ID is the conversation, where it is about one. That of Own is empty before the
	// conversation has begun.
	ID string
	// Widget is the visitor's, for Own.
	Widget string
}

// Visitor is who follows their own conversation, whichever that is.
type Visitor struct {
	// Account and Widget are where they are.
	Account, Widget string
	// Kind and Value are those of their alias in the widget.
	Kind, Value string
}

// FromBroker is what happens as a broker tells it, to a process without the log.
type FromBroker struct {
	// Broker is the broker.
	Broker *broker.Broker
}

// Follow reads EVENTS until something fails.
func (l FromBroker) Follow(ctx context.Context, from broker.Place, take func(broker.Event)) error {
	reader, err := l.Broker.Events(ctx, broker.Filter{}, from)
	if err != nil {
		return err
	}
	defer reader.Close()
	for {
		event, err := reader.Next(ctx)
		if err != nil {
			return err
		}
		take(event)
	}
}

// Signals hears all signals of the broker.
func (l FromBroker) Signals(take func(*ingressv1.Signal)) (stop func(), err error) {
	return l.Broker.Signals(broker.SignalFilter{}, take)
}
