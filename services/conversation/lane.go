package conversation

import (
	"hash/fnv"
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// The times of a send.
const (
	// outcomeWithin is how long a claimed attempt may go without an outcome.
	outcomeWithin = 60 * time.Second
	// laneHold is how long an unknown outcome holds the lane (M5).
	laneHold = 30 * time.Second
	// A retry waits a random part of firstRetry, doubled each time, at most
	// lastRetry; after maxAttempts the send has failed.
	firstRetry  = 2 * time.Second
	lastRetry   = 5 * time.Minute
	maxAttempts = 10
	// longestRetry bounds what a provider may ask for.
	longestRetry = time.Hour
)

// enqueue puts a send at the end of the lane, and asks for it where it is the
// only one (M5).
func (i *identityDraft) enqueue(origin *eventv1.SendOrigin, contentEvent string) {
	send := Send{
		ID: i.d.ids.next(), IntegrationID: i.integration, Channel: i.channel,
		ContentEvent: contentEvent, Origin: origin, State: SendQueued,
	}
	i.d.emit(i.stream(), &eventv1.SendQueued{
		SendId: send.ID, IdentityId: i.id, CustomerId: i.customer,
		IntegrationId: send.IntegrationID, Channel: send.Channel, Origin: origin, ContentEventId: contentEvent,
	})
	i.lane = append(i.lane, send)
	i.next()
}

// next asks for the head of the lane where nobody was asked yet.
func (i *identityDraft) next() {
	if len(i.lane) == 0 || i.lane[0].State != SendQueued {
		return
	}
	i.request(&i.lane[0])
}

// request asks a sender for the next attempt of a send.
func (i *identityDraft) request(send *Send) {
	requested := &eventv1.SendRequested{
		SendId: send.ID, Attempt: send.Attempt + 1, IdentityId: i.id, CustomerId: i.customer,
		IntegrationId: send.IntegrationID, Channel: send.Channel, Origin: send.Origin,
		ContentEventId: send.ContentEvent,
	}
	if send.State == SendDeferred {
		requested.RetryAt = stamp(send.Due)
	}
	i.d.emit(i.stream(), requested)
	send.State, send.Attempt, send.Due = SendRequested, send.Attempt+1, time.Time{}
}

// remove takes a send out of the lane and lets the next one go.
func (i *identityDraft) remove(sendID string) {
	i.lane = slices.DeleteFunc(i.lane, func(s Send) bool { return s.ID == sendID })
	i.next()
}

// withdraw takes the sends out of the lane that are meant and that no sender has
// claimed, and returns them in order.
func (i *identityDraft) withdraw(meant func(*eventv1.SendOrigin) bool) []Send {
	var taken []Send
	i.lane = slices.DeleteFunc(i.lane, func(s Send) bool {
		waits := s.State == SendQueued || s.State == SendRequested || s.State == SendDeferred
		if !waits || !meant(s.Origin) {
			return false
		}
		withdrawn := &eventv1.SendWithdrawn{SendId: s.ID, IdentityId: i.id, Origin: s.Origin}
		if s.State == SendDeferred {
			withdrawn.RetryAt = stamp(s.Due)
		}
		i.d.emit(i.stream(), withdrawn)
		taken = append(taken, s)
		return true
	})
	i.next()
	return taken
}

// sendOf returns a send that is in a lane or unresolved, and whether it is in
// the lane.
func (d *decider) sendOf(sendID string) (*identityDraft, Send, bool, error) {
	if id := look(d, d.state.sends, RefSend, sendID); id != "" {
		i := d.identity(id)
		for _, s := range i.lane {
			if s.ID == sendID {
				return i, s, true, nil
			}
		}
		if s, ok := i.base.Unresolved[sendID]; ok {
			return i, s, false, nil
		}
	}
	return nil, Send{}, false, refuse(claimLost, "the send is over")
}

// claim grants an attempt to one nonce, once.
func (d *decider) claim(c *ClaimSend) error {
	i, send, inLane, err := d.sendOf(c.SendID)
	if err != nil {
		return err
	}
	if c.Nonce == "" {
		return refuse(invalid, "a claim needs a nonce")
	}
	if c.Instance != send.IntegrationID && d.account().Integrations[c.Instance] != nil {
		return refuse(claimLost, "the send leaves by another integration")
	}
	if inLane && send.State == SendClaimed && send.Attempt == c.Attempt && send.Nonce == c.Nonce {
		return nil
	}
	if !inLane || send.State != SendRequested || send.Attempt != c.Attempt {
		return refuse(claimLost, "the attempt is not to be had")
	}
	d.emit(i.stream(), &eventv1.SendClaimed{
		SendId: send.ID, Attempt: send.Attempt, Nonce: c.Nonce, Origin: send.Origin,
		OutcomeDue: stamp(d.head.Now.Add(outcomeWithin)), IdentityId: i.id,
	})
	if message := send.Origin.GetMessageId(); message != "" {
		conv := d.conversation(send.Origin.GetConversationId())
		if conv.base.Messages[message].State == MessageQueued {
			d.emit(conv.stream(), &eventv1.MessageSending{MessageId: message, ConversationId: conv.id})
		}
	}
	return nil
}

// outcome takes what a worker reports of the attempt that it claimed. A claim
// that ran out before is still that worker's: it alone knows what became of it.
func (d *decider) outcome(c *ReportOutcome) error {
	i, send, _, err := d.sendOf(c.SendID)
	if err != nil {
		return err
	}
	claimed := send.State == SendClaimed || send.State == SendUnknown
	if !claimed || send.Attempt != c.Attempt || send.Nonce != c.Nonce || c.Nonce == "" {
		return refuse(claimLost, "the attempt was claimed by somebody else")
	}
	switch {
	case c.Sent != "":
		d.succeed(i, send, c.Sent, c.SentHash, eventv1.OutcomeSource_OUTCOME_SOURCE_ANSWER)
	case c.Refused != nil:
		d.failSend(i, send, c.Refused)
	case c.NotSent != nil && send.State == SendClaimed && send.Attempt < maxAttempts && !i.erased:
		d.deferSend(i, send, c.NotSent, c.RetryAfter)
	case c.NotSent != nil:
		d.failSend(i, send, c.NotSent)
	case c.Unknown != nil && send.State == SendClaimed:
		d.lose(i, send, c.Unknown)
	case c.Unknown != nil:
		// The claim ran out before: it is unknown already.
	default:
		return refuse(invalid, "the report names no outcome")
	}
	return nil
}

// timers returns the timers that a send's end takes with it.
func (s *Send) timers() (outcomeDue, laneUntil time.Time) {
	switch s.State {
	case SendClaimed:
		return s.Due, time.Time{}
	case SendUnknown:
		return time.Time{}, s.Due
	}
	return time.Time{}, time.Time{}
}

// succeed ends a send that the provider took, and applies the receipts that came
// before it. It returns the state of its reply; 0 for a prompt or a notice.
func (d *decider) succeed(i *identityDraft, send Send, providerID string, hash []byte, source eventv1.OutcomeSource) MessageState {
	outcomeDue, laneUntil := send.timers()
	succeeded := &eventv1.SendSucceeded{
		SendId: send.ID, Attempt: send.Attempt, IdentityId: i.id, CustomerId: i.customer,
		IntegrationId: send.IntegrationID, Origin: send.Origin, ProviderMessageHash: hash,
		OutcomeDue: stamp(outcomeDue), LaneUntil: stamp(laneUntil), Source: source,
	}
	if !i.erased {
		succeeded.Sealed = &eventv1.SendSucceeded_Sealed{ProviderMessageId: providerID}
	}
	d.emit(i.stream(), succeeded)
	i.remove(send.ID)
	message := send.Origin.GetMessageId()
	if message == "" {
		return 0
	}
	conv := d.conversation(send.Origin.GetConversationId())
	base := conv.base.Messages[message]
	state := d.advance(conv, base, MessageSent, d.head.Now, nil)
	for _, r := range d.parked(hash) {
		state = d.advanceFrom(conv, base, state, stateOf(r.GetState()), moment(r.GetAt()), r.GetError())
	}
	d.known(hash, place{conv, message})
	return state
}

// failSend ends a send that will not arrive.
func (d *decider) failSend(i *identityDraft, send Send, why *eventv1.SendError) {
	outcomeDue, laneUntil := send.timers()
	d.emit(i.stream(), &eventv1.SendFailed{
		SendId: send.ID, Attempt: send.Attempt, IdentityId: i.id, Error: why,
		OutcomeDue: stamp(outcomeDue), LaneUntil: stamp(laneUntil), Origin: send.Origin,
	})
	i.remove(send.ID)
	d.advanceSend(send, MessageFailed, why)
}

// deferSend repeats an attempt later. A reply whose channel was disconnected while
// it was on its way is decided again instead: it was not handed over (L11).
func (d *decider) deferSend(i *identityDraft, send Send, why *eventv1.SendError, after time.Duration) {
	retryAt := d.head.Now.Add(max(min(after, longestRetry), backoff(send.ID, send.Attempt)))
	d.emit(i.stream(), &eventv1.SendDeferred{
		SendId: send.ID, Attempt: send.Attempt, IdentityId: i.id, Error: why,
		RetryAt: stamp(retryAt), OutcomeDue: stamp(send.Due), Origin: send.Origin,
	})
	if send.Origin.GetMessageId() == "" {
		return
	}
	if conv := d.conversation(send.Origin.GetConversationId()); conv.binding(i.id) < 0 {
		// Only the head of a lane is ever claimed.
		i.lane[0].State, i.lane[0].Due = SendDeferred, retryAt
		conv.rerouteFrom(i)
	}
}

// lose says that nobody knows what became of an attempt.
func (d *decider) lose(i *identityDraft, send Send, why *eventv1.SendError) {
	d.emit(i.stream(), &eventv1.SendOutcomeUnknown{
		SendId: send.ID, Attempt: send.Attempt, IdentityId: i.id, Error: why,
		LaneUntil: stamp(d.head.Now.Add(laneHold)), OutcomeDue: stamp(send.Due), Origin: send.Origin,
	})
	d.advanceSend(send, MessageUnknown, why)
}

// advanceSend moves the reply of a send to a state; a prompt has none.
func (d *decider) advanceSend(send Send, to MessageState, why *eventv1.SendError) {
	if message := send.Origin.GetMessageId(); message != "" {
		conv := d.conversation(send.Origin.GetConversationId())
		d.advance(conv, conv.base.Messages[message], to, d.head.Now, why)
	}
}

// backoff returns how long to wait before the next attempt: a part of the full
// time that is different for each send, so that many do not come back at once.
func backoff(sendID string, attempt uint32) time.Duration {
	full := min(firstRetry<<min(attempt-1, 20), lastRetry)
	return max(partOf(full, sendID, attempt), full/4)
}

// partOf returns a part of a time that is different for each id and attempt.
func partOf(full time.Duration, id string, attempt uint32) time.Duration {
	hash := fnv.New64a()
	hash.Write([]byte(id))
	hash.Write([]byte{byte(attempt)})
	return time.Duration(hash.Sum64() % uint64(full))
}
