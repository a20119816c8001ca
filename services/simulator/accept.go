package simulator

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// attempt is a send that has passed every check of its channel.
type attempt struct {
	in        *integration
	thread    *thread // nil if nobody has the address
	recipient string
	key       string
	message   Message
	// answer is the body of the 200, without the message id if noID.
	answer func(m *Message, noID bool) any
	// events are the automatic statuses or echo of a message that arrived.
	events func(m *Message) []event
	// failed is the status of one that did not, nil where there is none.
	failed func(m *Message, e *GraphError) event
	// place puts the message on the phone, if it is not a message of its own.
	place func(m *Message) *Message
	// fails is why the message does not arrive, nil if it does.
	fails *GraphError
}

// accept takes a message from the business, unless a fault comes before. s.mu
// is held.
func (s *Simulator) accept(c *call, a attempt) reply {
	if e := s.limitSends(a.in); e != nil {
		return refuse(e)
	}
	end := s.fireOne(a.in, "send", endsSend)
	s.sends.posted(countKey{a.in.id, a.key}, end != nil && end.ambiguous())
	if end != nil {
		if r, refused := refusal(a.in.channel, end); refused {
			return r
		}
	}
	slow := s.fireOne(a.in, "send", only(FaultSlow))
	first := s.fireOne(a.in, "send", only(FaultStatusBeforeAnswer))
	var failed *rule
	if a.in.channel == ChannelWhatsApp && a.fails == nil {
		failed = s.fireOne(a.in, "send", only(FaultFailed, FaultLateFailed))
	}

	a.message.ID = s.outboundID(a.in, a.recipient)
	a.message.From, a.message.At, a.message.State = FromBusiness, s.now(), stateDelivered
	a.message.Body = redactedBody(c)
	if failed != nil && failed.base == FaultFailed {
		a.fails = knownError(a.in.channel, cmp.Or(failed.Code, 131026), failed.Subcode, 0)
	}
	m := &a.message
	var events []event
	switch {
	case a.fails != nil && a.failed != nil:
		events = []event{a.failed(m, a.fails)}
	case a.fails != nil || a.thread == nil:
	default:
		if a.place != nil {
			m = a.place(m)
		} else {
			m = s.add(a.thread, a.message)
		}
		events = a.events(m)
		if failed != nil && a.failed != nil {
			m.failed = true
			late := a.failed(m, knownError(a.in.channel, cmp.Or(failed.Code, 131026), failed.Subcode, 0))
			late.late = failed.Delay
			events = append(events, late)
		}
	}
	sent := s.sends.add(Send{
		At: m.At, Channel: a.in.channel, Integration: a.in.id, Recipient: a.recipient,
		MessageID: m.ID, Headers: c.headers(), Body: m.Body, Key: a.key,
	})
	r := reply{status: http.StatusOK, body: a.answer(m, false), send: sent.Number, after: events}
	if failed != nil {
		r.fault = failed.Kind
	}
	if slow != nil {
		r.delay, r.fault = time.Duration(slow.Delay), slow.Kind
	}
	if first != nil {
		r.first, r.delay, r.fault = true, time.Duration(first.Delay), first.Kind
	}
	if end != nil {
		r.fault = end.Kind
		spoil(&r, a.in.channel, end, func() any { return a.answer(m, true) })
	}
	sent.Fault = r.fault
	return r
}

// refusal is the reply of a fault that comes before the message is accepted.
func refusal(channel Channel, f *rule) (reply, bool) {
	var r reply
	switch f.base {
	case FaultError:
		r = refuse(knownError(channel, f.Code, f.Subcode, f.Status))
	case FaultRateLimit:
		r = refuse(rateError(channel))
		r.status = http.StatusTooManyRequests
	case FaultServerErrorBefore:
		r = reply{status: http.StatusInternalServerError, body: serverError}
	case FaultTimeoutBefore:
		r = reply{end: hung, delay: time.Duration(f.Delay)}
	case FaultResetBefore:
		r = reply{end: reset}
	default:
		return reply{}, false
	}
	r.fault = f.Kind
	return r, true
}

// ambiguous reports whether a client cannot know from the answer if the message
// was accepted: none, no JSON, no id, or an error that the provider also gives
// for messages that it has sent.
func (r *rule) ambiguous() bool {
	switch r.base {
	case FaultError:
		return slices.Contains([]int{1, 2, 1200, 131000, 131016}, r.Code)
	case FaultRateLimit:
		return false
	}
	return true
}

// spoil makes the reply to an accepted message what a fault wants it to be.
func spoil(r *reply, channel Channel, f *rule, withoutID func() any) {
	switch f.base {
	case FaultTimeoutAfter:
		r.status, r.body, r.end, r.delay = 0, nil, hung, time.Duration(f.Delay)
	case FaultResetAfter:
		r.status, r.body, r.end = 0, nil, reset
	case FaultServerErrorAfter:
		r.status, r.body = http.StatusInternalServerError, serverError
	case FaultErrorAfter:
		e := knownError(channel, f.Code, f.Subcode, f.Status)
		if f.Code == 0 {
			e = knownError(channel, 1, 1357046, f.Status)
		}
		r.status, r.body = e.status, e
	case FaultNoID:
		r.body = withoutID()
	}
}

// serverError is what comes from in front of the Graph API: no JSON.
const serverError = "<html><body><h1>Sorry, something went wrong.</h1></body></html>"

// endsSend tells the faults that decide the answer, of which a send has one.
func endsSend(k FaultKind) bool {
	return !ofWebhook(k) && !only(FaultFailed, FaultLateFailed, FaultSlow, FaultStatusBeforeAnswer, FaultUploadError, FaultMediaError)(k)
}

func (s *Simulator) outboundID(in *integration, recipient string) string {
	if in.channel == ChannelWhatsApp {
		return s.ids.wamid(recipient, false)
	}
	return s.ids.mid(in.channel)
}

// redactedBody is the body as JSON, whatever form it came in.
func redactedBody(c *call) json.RawMessage {
	raw, err := json.Marshal(c.params)
	if err != nil {
		panic(err) // the parameters were read as JSON
	}
	return json.RawMessage(c.redact(string(raw)))
}
