package egress

import (
	"context"
	"time"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

const (
	// signalWorkers are how many signals of a channel are under way at most, and
	// signalFor how old one may be, and how long it may take.
	signalWorkers = 4
	signalFor     = 5 * time.Second
	// signalEvery is how often the same sign is shown in one conversation.
	signalEvery = 5 * time.Second
	// maxShown bounds what is remembered of signs that were shown.
	maxShown = 10_000
)

// signalKinds are the signals as a channel knows them.
func signalKind(kind ingressv1.SignalKind) channel.SignalKind {
	return map[ingressv1.SignalKind]channel.SignalKind{
		ingressv1.SignalKind_SIGNAL_KIND_TYPING_ON:  channel.TypingOn,
		ingressv1.SignalKind_SIGNAL_KIND_TYPING_OFF: channel.TypingOff,
		ingressv1.SignalKind_SIGNAL_KIND_SEEN:       channel.Seen,
	}[kind]
}

// sign is one sign in one conversation.
type sign struct {
	account, conversation string
	kind                  ingressv1.SignalKind
}

// signal shows the signals of a channel until ctx ends. Each is tried once, and
// dropped where others are under way or it comes too late.
func (e *Egress) signal(ctx context.Context, name string, sender channel.Signaller) error {
	free := make(chan struct{}, signalWorkers)
	waiting := make(chan *ingressv1.ChannelSignal, signalWorkers)
	stop, err := e.config.Signals(name, func(s *ingressv1.ChannelSignal) {
		select {
		case waiting <- s:
		default:
		}
	})
	if err != nil {
		return err
	}
	defer stop()
	shown := map[sign]time.Time{}
	for {
		select {
		case <-ctx.Done():
			// What is under way ends within signalFor.
			for range signalWorkers {
				free <- struct{}{}
			}
			return nil
		case s := <-waiting:
			now := e.config.Now()
			what := sign{s.GetSignal().GetAccountId(), s.GetSignal().GetConversationId(), s.GetSignal().GetKind()}
			if now.Sub(s.GetSignal().GetAt().AsTime()) > signalFor || now.Sub(shown[what]) < signalEvery {
				continue
			}
			if len(shown) >= maxShown {
				clear(shown)
			}
			select {
			case free <- struct{}{}:
			default:
				continue
			}
			shown[what] = now
			go func() {
				defer func() { <-free }()
				e.show(ctx, sender, s)
			}()
		}
	}
}

// show shows one signal, once.
func (e *Egress) show(ctx context.Context, sender channel.Signaller, s *ingressv1.ChannelSignal) {
	integration, ok := e.config.Directory.Integration(s.GetSignal().GetAccountId(), s.GetIntegrationId())
	if !ok || integration.Channel != s.GetChannel() || integration.Token == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, signalFor)
	defer cancel()
	err := sender.Signal(ctx, integration, channel.Signal{
		Kind: signalKind(s.GetSignal().GetKind()), Recipient: s.GetRecipient(), LastMessage: s.GetLastMessage(),
	})
	if err != nil {
		e.config.Logger.Debug("egress: a signal was not shown", "channel", s.GetChannel(), "integration", s.GetIntegrationId(), "error", err)
	}
}
