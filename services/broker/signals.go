package broker

import (
	"fmt"
	"slices"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// The bounds of what waits for one listener. What is beyond is dropped.
const (
	signalsWaiting = 1024
	signalBytes    = 1 << 20
)

// The groups whose members share signals among them: one of each gets one.
const (
	groupRouter = "router"
	groupEgress = "egress"
)

// SignalFilter says which signals somebody listens to. An empty field does not
// filter.
type SignalFilter struct {
	Account, Conversation string
	// ByAgent are those of agents, ByCustomer those of customers; both or neither
	// mean all.
	ByAgent, ByCustomer bool
}

// PublishSignal tells whoever listens now. It waits for nobody, and nothing keeps
// what it says. The errors are ErrName, ErrUnavailable and ErrClosed.
func (b *Broker) PublishSignal(signal *ingressv1.Signal) error {
	subject, err := signalSubject(signal.GetAccountId(), signal.GetConversationId(), signal.GetAgentId() != "")
	if err != nil {
		return err
	}
	return b.tell(subject, signal)
}

// PublishShown tells a sender of the channel, likewise.
func (b *Broker) PublishShown(signal *ingressv1.ChannelSignal) error {
	subject, err := toSenders(subjectShown, signal.GetChannel(), signal.GetSignal().GetAccountId(), signal.GetIntegrationId())
	if err != nil {
		return err
	}
	return b.tell(subject, signal)
}

// PublishWanted asks a sender of the channel who a customer is, likewise.
func (b *Broker) PublishWanted(wanted *ingressv1.WantedProfile) error {
	subject, err := toSenders(subjectWanted, wanted.GetChannel(), wanted.GetAccountId(), wanted.GetIntegrationId())
	if err != nil {
		return err
	}
	return b.tell(subject, wanted)
}

func (b *Broker) tell(subject string, message proto.Message) error {
	data, err := proto.Marshal(message)
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	return unreachable(b.publishing.Publish(subject, data))
}

// Signals calls take with each signal that fits, one after the other, until the
// func that it returns is called. Who takes too long misses some.
func (b *Broker) Signals(filter SignalFilter, take func(*ingressv1.Signal)) (stop func(), err error) {
	return listen(b, filter, "", take)
}

// AgentSignals is Signals for the router: each signal of an agent comes to one of
// those who call it.
func (b *Broker) AgentSignals(take func(*ingressv1.Signal)) (stop func(), err error) {
	return listen(b, SignalFilter{ByAgent: true}, groupRouter, take)
}

func listen(b *Broker, filter SignalFilter, group string, take func(*ingressv1.Signal)) (func(), error) {
	by := "*"
	switch {
	case filter.ByAgent && !filter.ByCustomer:
		by = byAgent
	case filter.ByCustomer && !filter.ByAgent:
		by = byCustomer
	}
	subject := subjectSignals
	for _, name := range []string{filter.Account, filter.Conversation} {
		if name == "" {
			subject += ".*"
			continue
		}
		if err := checkNames(name); err != nil {
			return nil, err
		}
		subject += "." + name
	}
	return hear(b, subject+"."+by, group, func(subject string, signal *ingressv1.Signal) {
		said, err := signalSubject(signal.GetAccountId(), signal.GetConversationId(), signal.GetAgentId() != "")
		if err == nil && said == subject {
			take(signal)
		}
	})
}

// Shown calls take with what is to be shown on a channel, for one of the senders
// that call it.
func (b *Broker) Shown(channelName string, take func(*ingressv1.ChannelSignal)) (stop func(), err error) {
	if err := checkNames(channelName); err != nil {
		return nil, err
	}
	return hear(b, subjectShown+"."+channelName+".*.*", groupEgress, func(subject string, signal *ingressv1.ChannelSignal) {
		said, err := toSenders(subjectShown, signal.GetChannel(), signal.GetSignal().GetAccountId(), signal.GetIntegrationId())
		if err == nil && said == subject {
			take(signal)
		}
	})
}

// Wanted calls take with the customers of a channel whose profiles are wanted, for one
// of the senders that call it.
func (b *Broker) Wanted(channelName string, take func(*ingressv1.WantedProfile)) (stop func(), err error) {
	if err := checkNames(channelName); err != nil {
		return nil, err
	}
	return hear(b, subjectWanted+"."+channelName+".*.*", groupEgress, func(subject string, wanted *ingressv1.WantedProfile) {
		said, err := toSenders(subjectWanted, wanted.GetChannel(), wanted.GetAccountId(), wanted.GetIntegrationId())
		if err == nil && said == subject {
			take(wanted)
		}
	})
}

// message is a proto message as a pointer to its struct.
type message[T any] interface {
	*T
	proto.Message
}

// hear subscribes outside of all streams. What cannot be read is dropped.
func hear[T any, M message[T]](b *Broker, subject, group string, take func(subject string, said M)) (stop func(), err error) {
	handle := func(msg *nats.Msg) {
		said := M(new(T))
		if proto.Unmarshal(msg.Data, said) == nil {
			take(msg.Subject, said)
		}
	}
	var sub *nats.Subscription
	if group == "" {
		sub, err = b.consuming.Subscribe(subject, handle)
	} else {
		sub, err = b.consuming.QueueSubscribe(subject, group, handle)
	}
	if err != nil {
		return nil, unreachable(err)
	}
	if err := sub.SetPendingLimits(signalsWaiting, signalBytes); err != nil {
		return nil, unreachable(err)
	}
	// The server has it, so that nothing said from now on is missed.
	if err := b.consuming.Flush(); err != nil {
		return nil, unreachable(err)
	}
	return func() { _ = sub.Unsubscribe() }, nil
}

// setupCategories are the categories of events that change what is set up, as far as
// the process may hear of them: only the API lets people in.
func (b *Broker) setupCategories() []string {
	if b.routes() || slices.Contains(b.config.Roles, RoleAPI) {
		return []string{"account", "access"}
	}
	return []string{"account"}
}

// SetupChanges calls changed with the position whenever the set-up of an account, or
// who may come in, has changed, until the func that it returns is called. Some may be
// missed.
func (b *Broker) SetupChanges(changed func(position uint64)) (stop func(), err error) {
	var subs []*nats.Subscription
	stop = func() {
		for _, sub := range subs {
			_ = sub.Unsubscribe()
		}
	}
	for _, category := range b.setupCategories() {
		sub, err := b.consuming.Subscribe(subjectEvents+".*."+category+".*", func(msg *nats.Msg) { changed(placeOf(msg.Header).Position) })
		if err != nil {
			stop()
			return nil, unreachable(err)
		}
		subs = append(subs, sub)
	}
	return stop, nil
}
