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
	// lastRetry; after maxAttempts the send has failed. Attempts that did not leave
	// because the channel asked for time do not count.
	firstRetry  = 2 * time.Second
	lastRetry   = 5 * time.Minute
	maxAttempts = 10
	// A send that did not leave by then has failed, however often it was tried:
	// what was written in a conversation, and what Weiche says by itself.
	replyWithin  = 24 * time.Hour
	noticeWithin = time.Hour
	// rateLimited is the reason of an error by which a channel asks for time.
	rateLimited = "rate_limited"
	// longestRetry bounds what a provider may ask for.
	longestRetry = time.Hour
)

// enqueue puts a send at the end of the lane, and asks for it where it is the
// only one (M5).
func (i *identityDraft) enqueue(origin *eventv1.SendOrigin, contentEvent string) {
	i.add(origin, contentEvent, "")
	i.next()
}

// add puts a send at the end of the lane. quoted is the event that holds the
// provider's id of the message that it is about; empty for none.
func (i *identityDraft) add(origin *eventv1.SendOrigin, contentEvent, quoted string) {
	send := Send{
		ID: i.d.ids.next(), IntegrationID: i.integration, Channel: i.channel,
		ContentEvent: contentEvent, Quoted: quoted, Origin: origin, State: SendQueued, QueuedAt: i.d.head.Now,
	}
	i.d.emit(i.stream(), &eventv1.SendQueued{
		SendId: send.ID, IdentityId: i.id, CustomerId: i.customer, IntegrationId: send.IntegrationID,
		Channel: send.Channel, Origin: origin, ContentEventId: contentEvent, QuotedEventId: quoted,
	})
	i.lane = append(i.lane, send)
}

// next gives the head of the lane its turn where nobody was asked for it yet.
func (i *identityDraft) next() {
	for len(i.lane) > 0 && i.lane[0].State == SendQueued {
		i.turn()
	}
}

// request asks a sender for the next attempt of a send.
func (i *identityDraft) request(send *Send, human bool) {
	requested := &eventv1.SendRequested{
		SendId: send.ID, Attempt: send.Attempt + 1, IdentityId: i.id, CustomerId: i.customer,
		IntegrationId: send.IntegrationID, Channel: send.Channel, Origin: send.Origin,
		ContentEventId: send.ContentEvent, QuotedEventId: send.Quoted, HumanAgent: human,
	}
	if send.State == SendDeferred {
		requested.RetryAt = stamp(send.Due)
	}
	i.d.emit(i.stream(), requested)
	send.State, send.Attempt, send.Due = SendRequested, send.Attempt+1, time.Time{}
}

// drop takes a send out of the lane that has ended.
func (i *identityDraft) drop(sendID string) {
	i.lane = slices.DeleteFunc(i.lane, func(s Send) bool { return s.ID == sendID })
}

// withdraw takes the sends out of the lane that are meant and that no sender has
// claimed, returns them in order, and lets the next one go.
func (i *identityDraft) withdraw(meant func(*eventv1.SendOrigin) bool) []Send {
	taken := i.take(meant)
	i.next()
	return taken
}

// take is withdraw without letting the next one go.
func (i *identityDraft) take(meant func(*eventv1.SendOrigin) bool) []Send {
	var taken []Send
	i.lane = slices.DeleteFunc(i.lane, func(s Send) bool {
		if !s.waits() || !meant(s.Origin) {
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
	return taken
}

// waits says whether no sender has claimed the send, or none has since an attempt
// that surely did not leave.
func (s *Send) waits() bool {
	return s.State == SendQueued || s.State == SendRequested || s.State == SendDeferred
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
	if d.isOther(c.Instance, send.IntegrationID) {
		return refuse(claimLost, "the send leaves by another integration")
	}
	if inLane && send.State == SendClaimed && send.Attempt == c.Attempt && send.Nonce == c.Nonce {
		return nil
	}
	if !inLane || send.State != SendRequested || send.Attempt != c.Attempt {
		return refuse(claimLost, "the attempt is not to be had")
	}
	if reason, why, _ := d.barred(i, &send); reason != 0 {
		// It is decided again instead, and whoever asks is told that it is gone.
		i.turn()
		i.next()
		d.answer.Refused = &Refusal{Reason: claimLost, Detail: "the attempt is not to be had: " + reasonWord(reason, why)}
		return nil
	}
	d.emit(i.stream(), &eventv1.SendClaimed{
		SendId: send.ID, Attempt: send.Attempt, Nonce: c.Nonce, Origin: send.Origin,
		OutcomeDue: stamp(d.head.Now.Add(outcomeWithin)), IdentityId: i.id,
	})
	d.came(send.Origin, MessageSending, d.head.Now, nil)
	return nil
}

// isOther says whether an instance is called like an integration, and not like this
// one.
func (d *decider) isOther(instance, integrationID string) bool {
	return instance != integrationID && d.account().Integrations[instance] != nil
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
	if c.IntegrationID != "" && c.IntegrationID != send.IntegrationID {
		return refuse(invalid, "the send leaves by another integration")
	}
	switch {
	case c.Sent != "":
		d.succeed(i, send, c.Sent, c.SentHash, eventv1.OutcomeSource_OUTCOME_SOURCE_ANSWER)
	case c.Refused != nil:
		d.failSend(i, send, c.Refused)
	case c.NotSent != nil && send.State == SendClaimed && !i.erased:
		d.notSent(i, send, c)
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
// before it.
func (d *decider) succeed(i *identityDraft, send Send, providerID string, hash []byte, source eventv1.OutcomeSource) {
	outcomeDue, laneUntil := send.timers()
	succeeded := &eventv1.SendSucceeded{
		SendId: send.ID, Attempt: send.Attempt, IdentityId: i.id, CustomerId: i.customer,
		IntegrationId: send.IntegrationID, Origin: send.Origin, ProviderMessageHash: hash,
		OutcomeDue: stamp(outcomeDue), LaneUntil: stamp(laneUntil), AskAt: stamp(send.AskAt), Source: source,
	}
	if !i.erased {
		succeeded.Sealed = &eventv1.SendSucceeded_Sealed{ProviderMessageId: providerID}
	}
	d.emit(i.stream(), succeeded)
	i.drop(send.ID)
	d.came(send.Origin, MessageSent, d.head.Now, nil)
	for _, r := range d.parked(hash) {
		d.came(send.Origin, stateOf(r.GetState()), moment(r.GetAt()), r.GetError())
	}
	if message := send.Origin.GetMessageId(); message != "" {
		d.known(hash, place{d.conversation(send.Origin.GetConversationId()), message})
	}
	i.next()
}

// failSend ends a send that will not arrive.
func (d *decider) failSend(i *identityDraft, send Send, why *eventv1.SendError) {
	outcomeDue, laneUntil := send.timers()
	failed := &eventv1.SendFailed{
		SendId: send.ID, Attempt: send.Attempt, IdentityId: i.id, Error: why,
		OutcomeDue: stamp(outcomeDue), LaneUntil: stamp(laneUntil), AskAt: stamp(send.AskAt), Origin: send.Origin,
	}
	if send.State == SendDeferred {
		failed.RetryAt = stamp(send.Due)
	}
	d.emit(i.stream(), failed)
	i.drop(send.ID)
	d.came(send.Origin, MessageFailed, d.head.Now, why)
	d.unreact(send, why)
	i.next()
}

// notSent takes it that an attempt surely did not leave: it is repeated later. A
// reply is decided again instead where its channel was disconnected while it was on
// its way (L11), or where its integration is at fault (R10) and there is another
// place: it was not handed over.
func (d *decider) notSent(i *identityDraft, send Send, c *ReportOutcome) {
	if c.Unhealthy {
		d.unhealthy(send.IntegrationID, c.NotSent)
	}
	uncounted := c.Unhealthy || c.RetryAfter > 0 || c.NotSent.GetReason() == rateLimited
	if send.isOld(d.head.Now) || !uncounted && send.Tries+1 >= maxAttempts {
		d.failSend(i, send, c.NotSent)
		return
	}
	wait := max(min(c.RetryAfter, longestRetry), backoff(send.ID, send.Tries+1))
	// Only the head of a lane is ever claimed.
	head := &i.lane[0]
	i.deferHead(d.head.Now.Add(wait), uncounted, c.NotSent)
	if send.Origin.GetMessageId() == "" {
		return
	}
	conv := d.conversation(send.Origin.GetConversationId())
	if conv.binding(i.id) < 0 && conv.continuedBy == "" {
		conv.rerouteFrom(i, disconnected)
		return
	}
	if reason, why, _ := d.barred(i, head); reason != 0 && d.elsewhere(i, head, reason, why) {
		i.next()
	}
}

// deferHead lets the head of the lane wait until a time.
func (i *identityDraft) deferHead(until time.Time, uncounted bool, why *eventv1.SendError) {
	head := &i.lane[0]
	deferred := &eventv1.SendDeferred{
		SendId: head.ID, Attempt: head.Attempt, IdentityId: i.id, Error: why,
		RetryAt: stamp(until), Origin: head.Origin, Uncounted: uncounted,
	}
	switch head.State {
	case SendClaimed:
		deferred.OutcomeDue = stamp(head.Due)
	case SendDeferred:
		deferred.EndedRetryAt = stamp(head.Due)
	}
	i.d.emit(i.stream(), deferred)
	head.State, head.Due = SendDeferred, moment(deferred.GetRetryAt())
	if !uncounted {
		head.Tries++
	}
}

// lose says that nobody knows what became of an attempt.
func (d *decider) lose(i *identityDraft, send Send, why *eventv1.SendError) {
	d.emit(i.stream(), &eventv1.SendOutcomeUnknown{
		SendId: send.ID, Attempt: send.Attempt, IdentityId: i.id, Error: why,
		LaneUntil: stamp(d.head.Now.Add(laneHold)), OutcomeDue: stamp(send.Due), Origin: send.Origin,
		AskAt: stamp(d.askAt(send)),
	})
	d.came(send.Origin, MessageUnknown, d.head.Now, why)
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
