package router

import (
	"context"
	"log/slog"
	"time"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
	"weiche/services/conversation"
)

const (
	// signalFor is how old a signal may be; older ones are dropped.
	signalFor = 5 * time.Second
	// signalsHeld bounds what waits for the log to be read.
	signalsHeld = 64
	// signalEvery is how often the same of one conversation is passed on: to find out
	// where the customer is, the whole of it is read.
	signalEvery = 2 * time.Second
	// signalsKnown bounds of how many it is remembered when that was.
	signalsKnown = 4096
)

// Signals takes what agents show, finds out where the customer is, and passes it on
// to the channel that leads the route. Nothing of it is written down.
type Signals struct {
	engine *Engine
	broker *broker.Broker
	logger *slog.Logger
}

// NewSignals returns what passes signals on. The logger is slog.Default if nil.
func NewSignals(engine *Engine, b *broker.Broker, logger *slog.Logger) *Signals {
	if logger == nil {
		logger = slog.Default()
	}
	return &Signals{engine: engine, broker: b, logger: logger}
}

// Run passes signals on until ctx ends, and returns nil then.
func (s *Signals) Run(ctx context.Context) error {
	waiting := make(chan *ingressv1.Signal, signalsHeld)
	stop, err := s.broker.AgentSignals(func(signal *ingressv1.Signal) {
		select {
		case waiting <- signal:
		default: // busy: it is not worth waiting for
		}
	})
	if err != nil {
		return ended(ctx, err)
	}
	defer stop()
	passed := lastPassed{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case signal := <-waiting:
			now := time.Now()
			if now.Sub(signal.GetAt().AsTime()) > signalFor || !passed.pass(signal, now) {
				continue
			}
			shown, err := s.engine.shown(ctx, signal)
			if err == nil && shown != nil {
				err = s.broker.PublishShown(shown)
			}
			if err != nil && ctx.Err() == nil {
				s.logger.Debug("a signal was dropped", "conversation", signal.GetConversationId(), "error", err)
			}
		}
	}
}

// lastPassed is when each kind of signal of a conversation was passed on last.
type lastPassed map[signalOf]time.Time

type signalOf struct {
	account, conversation string
	kind                  ingressv1.SignalKind
}

// pass says whether a signal may be passed on now, and notes that it is.
func (l lastPassed) pass(signal *ingressv1.Signal, now time.Time) bool {
	of := signalOf{signal.GetAccountId(), signal.GetConversationId(), signal.GetKind()}
	if last, known := l[of]; known && now.Sub(last) < signalEvery {
		return false
	}
	if len(l) >= signalsKnown {
		clear(l)
	}
	l[of] = now
	return true
}

// shown returns what a signal is to the channel that leads the route; nil where
// that is the widget, or nobody is there of whom it is known that they are still the
// customer.
func (e *Engine) shown(ctx context.Context, signal *ingressv1.Signal) (*ingressv1.ChannelSignal, error) {
	account := signal.GetAccountId()
	state := conversation.NewState()
	stream := eventstore.Stream{Account: account, Category: conversation.CategoryConversation, ID: signal.GetConversationId()}
	// The newest message of each identity, whose id is opened for one of them.
	newest := map[string]*eventstore.Record{}
	doubted := map[string]bool{}
	for rec, err := range e.store.ReadStream(ctx, stream, 1) {
		if err != nil {
			return nil, err
		}
		event, err := Decode(rec)
		if err != nil {
			return nil, err
		}
		switch body := event.Body.(type) {
		case *eventv1.MessageReceived:
			newest[body.GetIdentityId()] = rec
		case *eventv1.AddressDoubted:
			doubted[body.GetIdentityId()] = true
		case *eventv1.AddressConfirmed:
			doubted[body.GetIdentityId()] = false
		case *eventv1.ChannelUnbound:
			doubted[body.GetIdentityId()] = false
		}
		conversation.Evolve(state, event)
	}
	c := state.Conversation(signal.GetConversationId())
	if c == nil || c.Erased || len(c.Route) == 0 || c.Route[0].Channel == conversation.ChannelWidget {
		return nil, nil
	}
	leads := c.Route[0]
	if doubted[leads.IdentityID] {
		return nil, nil
	}
	recipient, err := e.addresses(ctx, account, leads.IdentityID)
	if err != nil || len(recipient) == 0 {
		return nil, err
	}
	shown := &ingressv1.ChannelSignal{
		Signal: signal, IntegrationId: leads.IntegrationID, Channel: leads.Channel, Recipient: recipient,
	}
	if rec := newest[leads.IdentityID]; rec != nil {
		event, err := DecodeOpened(e.keys, rec)
		if err != nil {
			return nil, err
		}
		shown.LastMessage = event.Body.(*eventv1.MessageReceived).GetSealed().GetProviderMessageId()
	}
	return shown, nil
}
