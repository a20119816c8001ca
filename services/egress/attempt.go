package egress

import (
	"context"
	"crypto/rand"
	"log/slog"
	"runtime/debug"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// The times of an attempt. The router calls a claim unknown 60 s after it was
// granted: an attempt that begins within beginWithin has ended before that.
const (
	// claimFor is how long a claim is repeated, and claimGrace how much of that
	// is left after the end of Run's context.
	claimFor   = 2 * time.Minute
	claimGrace = answerWithin
	// beginWithin is how old a claim may be when its first byte leaves.
	beginWithin = 25 * time.Second
	// sendFor is how long a sender may take.
	sendFor = 30 * time.Second
	// reportFor is how long a report is repeated. The router takes it also after
	// the claim has run out, since nobody else knows what became of it.
	reportFor   = 10 * time.Minute
	reportGrace = 10 * time.Second
	// againAfter is when a message comes again whose send could not be claimed
	// or reported.
	againAfter = 5 * time.Second
	// busyEvery is how often a message is kept from others; a third of the time
	// after which the broker delivers it again.
	busyEvery = 10 * time.Second
)

// attempt is one attempt at one send.
type attempt struct {
	*Egress
	channel string
	sender  channel.Sender
	send    *ingressv1.Send
	// nonce is known to this attempt alone.
	nonce string
	log   *slog.Logger
	// effect is what the attempt says of its outlet, and after how long the
	// provider asks to wait.
	effect effect
	after  time.Duration
}

// begin returns the work that a delivery asks for, nil where there is none now: the
// message is ended, given back, or waits for its turn then.
func (e *Egress) begin(ctx context.Context, channelName string, sender channel.Sender, d Delivery) (work func()) {
	if d.Err != nil {
		// The log has the send, if it was one, and it will be relayed again.
		e.config.Logger.Error("egress: a message on EGRESS cannot be read", "channel", channelName, "error", d.Err)
		e.config.Events.Unreadable(channelName)
		e.ended(d.Ack())
		return nil
	}
	if ctx.Err() != nil {
		e.ended(d.Nak(0))
		return nil
	}
	a := e.outlets.enter(e.config.Now(), channelName, d, func(held admission) { e.giveBack(channelName, d, held) })
	switch {
	case a.copied:
		// The one that waits is as good, and if it is lost, it is relayed again.
		e.config.Events.Copied(channelName)
		e.ended(d.Ack())
		return nil
	case a.held != "":
		e.giveBack(channelName, d, a)
		return nil
	case a.parked:
		return nil
	}
	return func() { e.work(ctx, channelName, sender, called{d, a}) }
}

// giveBack gives a send back that is held.
func (e *Egress) giveBack(channelName string, d Delivery, held admission) {
	e.config.Events.Held(channelName, d.Send.GetAccountId(), d.Send.GetIntegrationId(), held.held)
	e.ended(d.Nak(held.wait))
}

// work makes an attempt that may begin, and then those that waited for one of their
// integration to end, one after the other.
func (e *Egress) work(ctx context.Context, channelName string, sender channel.Sender, first called) {
	for turns := []called{first}; len(turns) > 0; {
		turn := turns[0]
		turns = turns[1:]
		if turn.admission.done == nil {
			e.giveBack(channelName, turn.delivery, turn.admission)
			continue
		}
		var said effect
		var after time.Duration
		if ctx.Err() != nil {
			e.ended(turn.delivery.Nak(0)) // nothing new is claimed
		} else {
			said, after = e.handle(ctx, channelName, sender, turn.delivery)
		}
		turns = append(turns, turn.admission.done(e.config.Now(), said, after)...)
	}
}

// handle makes an attempt that may begin, and ends its message. It returns what
// that says of the outlet.
func (e *Egress) handle(ctx context.Context, channelName string, sender channel.Sender, d Delivery) (effect, time.Duration) {
	a := &attempt{
		Egress: e, channel: channelName, sender: sender, send: d.Send, nonce: rand.Text(),
		log: e.config.Logger.With(
			"channel", channelName, "account", d.Send.GetAccountId(),
			"integration", d.Send.GetIntegrationId(), "send", d.Send.GetSendId(), "attempt", d.Send.GetAttempt(),
		),
	}
	done := e.busy(d)
	over := a.run(ctx)
	done()
	if over {
		e.ended(d.Ack())
	} else {
		e.ended(d.Nak(againAfter))
	}
	return a.effect, a.after
}

// ended logs that a message could not be ended: it comes again.
func (e *Egress) ended(err error) {
	if err != nil {
		e.config.Logger.Warn("egress: a message was not acked", "error", err)
	}
}

// busy keeps a message from others until the func that it returns is called.
func (e *Egress) busy(d Delivery) func() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(busyEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				// Where it does not arrive, the message comes a second time.
				_ = d.InProgress()
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}

// run claims the attempt, makes it and reports it. It returns whether the
// message has no more to say.
func (a *attempt) run(ctx context.Context) bool {
	claim, err := a.claim(ctx)
	if err != nil {
		a.log.Warn("egress: the claim was not answered", "error", err)
		return a.release(ctx)
	}
	switch claim.answer.GetStatus() {
	case ingressv1.ItemStatus_ITEM_STATUS_COMMITTED:
		a.config.Events.Claimed(a.channel)
		return a.report(ctx, a.make(ctx, claim.last))
	case ingressv1.ItemStatus_ITEM_STATUS_NOTHING:
		// An earlier publication of this very claim was granted.
		a.config.Events.Claimed(a.channel)
		return a.report(ctx, a.make(ctx, claim.first))
	}
	if claim.answer.GetRefusal() != ingressv1.Refusal_REFUSAL_CLAIM_LOST {
		a.log.Error("egress: the claim was refused", "refusal", claim.answer.GetRefusal(), "detail", claim.answer.GetDetail())
	}
	a.config.Events.ClaimLost(a.channel)
	return true
}

func (a *attempt) claim(ctx context.Context) (asked, error) {
	ctx, cancel := outlive(ctx, claimFor, claimGrace)
	defer cancel()
	return a.ask(ctx, a.channel, a.send.GetAccountId(), &ingressv1.SenderCommand{Command: &ingressv1.SenderCommand_Claim{
		Claim: &ingressv1.ClaimSend{SendId: a.send.GetSendId(), Attempt: a.send.GetAttempt(), Nonce: a.nonce},
	}})
}

// release gives back a claim that may have been granted unheard, or will be when
// the router comes to it: the report stands behind it in the queue. It returns
// whether the attempt is over.
func (a *attempt) release(ctx context.Context) bool {
	ctx, cancel := outlive(ctx, claimGrace, claimGrace)
	defer cancel()
	report, err := a.ask(ctx, a.channel, a.send.GetAccountId(), a.command(a.notSent("no_answer")))
	return err == nil && report.answer.GetStatus() == ingressv1.ItemStatus_ITEM_STATUS_COMMITTED
}

// make makes the attempt that was claimed, at the earliest since, and returns
// what became of it.
func (a *attempt) make(ctx context.Context, since time.Time) *ingressv1.ReportOutcome {
	integration, ok := a.config.Directory.Integration(a.send.GetAccountId(), a.send.GetIntegrationId())
	switch {
	case a.send.GetErased():
		return a.refused("erased")
	case !ok || integration.Channel != a.channel:
		return a.refused("no_such_integration")
	case integration.Token == "":
		return a.notSent("no_token")
	case a.config.Now().Sub(since) > beginWithin:
		// The router may take it for unknown before it has ended.
		return a.notSent("late")
	}
	began := a.config.Now()
	id, err := a.hand(ctx, integration.Token)
	report := a.outcome(id, err)
	a.effect, a.after = effectOf(id, err)
	a.config.Events.Attempted(a.channel, nameOf(report), a.config.Now().Sub(began))
	return report
}

// hand hands the message to the provider. It ends with the time that it has,
// not with ctx.
func (a *attempt) hand(ctx context.Context, token channel.Secret) (id string, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendFor)
	defer cancel()
	defer func() {
		if value := recover(); value != nil {
			a.log.Error("egress: a sender panicked", "panic", value, "stack", string(debug.Stack()))
			// Bytes may have left.
			err = &channel.SendError{Outcome: channel.Unknown, Detail: &eventv1.SendError{Reason: "panic"}}
		}
	}()
	return a.sender.Send(ctx, a.send, token)
}

// report tells the router what became of the attempt, and returns whether the
// router has it, or has no more use for it.
func (a *attempt) report(ctx context.Context, outcome *ingressv1.ReportOutcome) bool {
	ctx, cancel := outlive(ctx, reportFor, reportGrace)
	defer cancel()
	report, err := a.ask(ctx, a.channel, a.send.GetAccountId(), a.command(outcome))
	if err != nil {
		a.log.Error("egress: the outcome was not recorded", "outcome", nameOf(outcome), "error", err)
		a.config.Events.Unrecorded(a.channel, nameOf(outcome))
		return false
	}
	answer := report.answer
	if answer.GetStatus() == ingressv1.ItemStatus_ITEM_STATUS_REFUSED && answer.GetRefusal() != ingressv1.Refusal_REFUSAL_CLAIM_LOST {
		a.log.Error("egress: the outcome was refused", "outcome", nameOf(outcome), "refusal", answer.GetRefusal(), "detail", answer.GetDetail())
		a.config.Events.Unrecorded(a.channel, nameOf(outcome))
		return true
	}
	// A lost claim is an earlier publication of this report that was taken.
	a.config.Events.Recorded(a.channel, nameOf(outcome))
	return true
}
