package router

import (
	"context"
	"iter"
	"log/slog"
	"sync/atomic"
	"time"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
)

// What the tests look at from outside.
const (
	Installation = installation
	IndexTimer   = indexTimer
)

// DecideWith puts a decision in the place of conversation.Decide.
func DecideWith(e *Engine, decide decideFunc) { e.decide = decide }

// SendOf returns what a sender gets of a request.
func SendOf(ctx context.Context, e *Engine, account string, request *eventv1.SendRequested) (*ingressv1.Send, error) {
	return e.sendOf(ctx, account, 1, request)
}

// SendVia gives a relay's sends to a function on their way, before it runs.
func SendVia(r *Relay, via func(*ingressv1.Send)) {
	send := r.send
	r.send = func(ctx context.Context, s *ingressv1.Send) error { via(s); return send(ctx, s) }
}

// Unanswered has a relay's sends wait for a server that does not answer the first few of
// them, before it runs; given gets a token for each that was given up.
func Unanswered(r *Relay, first int32, within time.Duration) (given <-chan struct{}) {
	up := make(chan struct{}, first)
	send := r.send
	var sent atomic.Int32
	r.within = within
	r.send = func(ctx context.Context, s *ingressv1.Send) error {
		if sent.Add(1) > first {
			return send(ctx, s)
		}
		<-ctx.Done()
		up <- struct{}{}
		return ctx.Err()
	}
	return up
}

// EventsAgain is how many records a server gets again that has lost EVENTS.
const EventsAgain = eventsAgain

// Lost returns where a relay goes on whose last record on EVENTS had a position, and
// which EVENTS knows nothing of.
func Lost(r *EventRelay, published uint64) uint64 {
	r.published.Store(published)
	return r.lost()
}

// RelayAtATime is how many sends are relayed at a time.
const RelayAtATime = relayAtATime

// Public returns what subscribers see of a record.
func Public(e *Engine, rec *eventstore.Record) (broker.Event, error) { return e.publicEvent(rec) }

// TimerIn reads a timer's key.
var TimerIn = timerIn

// Shown returns what a signal is to the channel that leads the route.
func Shown(ctx context.Context, e *Engine, signal *ingressv1.Signal) (*ingressv1.ChannelSignal, error) {
	return e.shown(ctx, signal)
}

// LastPassed is when each kind of signal of a conversation was passed on last.
type LastPassed = lastPassed

// Pass says whether a signal may be passed on now, and notes that it is.
func Pass(l LastPassed, signal *ingressv1.Signal, now time.Time) bool { return l.pass(signal, now) }

// Sooner holds a token after a timer was set that is due before the one that is awaited.
func Sooner(e *Engine) <-chan struct{} { return e.due.sooner }

// ProfilesOf returns Profiles that ask a function, of what is appended from now on.
func ProfilesOf(e *Engine, ask func(*ingressv1.WantedProfile) error) *Profiles {
	return &Profiles{engine: e, logger: slog.New(slog.DiscardHandler), ask: ask, head: e.store.Durable()}
}

// AskAtATime is of how many it is asked again at a time.
const AskAtATime = askAtATime

// AskAll asks again who those are whom nobody has told of.
func AskAll(ctx context.Context, p *Profiles) error { return p.askAll(ctx) }

// Addresses returns the addresses of an identity.
func Addresses(ctx context.Context, e *Engine, account, identityID string) ([]*eventv1.Alias, error) {
	return e.addresses(ctx, account, identityID)
}

// CountReads counts the records that are read for addresses from now on.
func CountReads(e *Engine) (read *int) {
	read = new(int)
	a := e.addressed
	stream, at := a.read, a.at
	a.read = func(ctx context.Context, s eventstore.Stream, from uint64) iter.Seq2[*eventstore.Record, error] {
		return func(yield func(*eventstore.Record, error) bool) {
			for rec, err := range stream(ctx, s, from) {
				*read++
				if !yield(rec, err) {
					return
				}
			}
		}
	}
	a.at = func(ctx context.Context, position uint64) (*eventstore.Record, error) {
		*read++
		return at(ctx, position)
	}
	return read
}
