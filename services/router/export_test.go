package router

import (
	"context"

	"weiche/eventstore"
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

// Public returns what subscribers see of a record.
func Public(e *Engine, rec *eventstore.Record) (broker.Event, error) { return e.public(rec) }

// TimerIn reads a timer's key.
var TimerIn = timerIn

// Shown returns what a signal is to the channel that leads the route.
func Shown(ctx context.Context, e *Engine, signal *ingressv1.Signal) (*ingressv1.ChannelSignal, error) {
	return e.shown(ctx, signal)
}
