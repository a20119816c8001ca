package egress

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
	"weiche/services/channel"
)

const (
	// answerWithin is how long one publication waits for the router's answer.
	answerWithin = 5 * time.Second
	// Between publications of the same command passes a random part of
	// firstWait, doubled each time, at most lastWait.
	firstWait = 100 * time.Millisecond
	lastWait  = 5 * time.Second
)

// asked is a command and when it was asked for.
type asked struct {
	answer *ingressv1.ItemAnswer
	// first and last are when the publications began that the answer may be to:
	// what was committed for it, was not before first, and where the status is
	// committed, not before last.
	first, last time.Time
}

// ask publishes a command, the same again and again, until it is answered or ctx
// ends. Without an answer nothing is known of it.
func (e *Egress) ask(ctx context.Context, channelName, account string, command *ingressv1.SenderCommand) (asked, error) {
	from := channel.Source{Kind: channel.KindEgress, Account: account, ID: e.config.Instance}
	a := asked{first: e.config.Now()}
	batch := &ingressv1.Batch{
		ReceivedAt: timestamppb.New(a.first),
		Items:      []*ingressv1.Item{{Kind: &ingressv1.Item_Sender{Sender: command}}},
	}
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		a.last = e.config.Now()
		var err error
		if a.answer, err = e.publish(ctx, from, batch); err == nil {
			return a, nil
		}
		e.config.Events.Unanswered(channelName)
		if errors.Is(err, broker.ErrClosed) || pause(ctx, wait) != nil {
			return a, err
		}
	}
}

func (e *Egress) publish(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.ItemAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	answer, err := e.config.Publisher.Publish(ctx, from, batch)
	if err != nil {
		return nil, err
	}
	if items := answer.GetItems(); len(items) == 1 && items[0].GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_UNSPECIFIED {
		return items[0], nil
	}
	return nil, fmt.Errorf("%w: %s", errAnswer, answer.GetError())
}

// pause waits a random part of full, a quarter at least.
func pause(ctx context.Context, full time.Duration) error {
	timer := time.NewTimer(full/4 + rand.N(full-full/4))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// outlive returns a context that lasts long, but only grace beyond the end of
// ctx.
func outlive(ctx context.Context, long, grace time.Duration) (context.Context, context.CancelFunc) {
	lasting, cancel := context.WithTimeout(context.WithoutCancel(ctx), long)
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-lasting.Done():
		}
	})
	return lasting, func() { stop(); cancel() }
}
