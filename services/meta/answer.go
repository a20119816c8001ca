package meta

import (
	"net/http"
	"strconv"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/channel"
)

// maxRetryAfter is the longest wait that is taken from an answer.
const maxRetryAfter = time.Hour

// mediaTries is how often a file may fail that the provider could not take.
const mediaTries = 2

// read returns the object that an answer is, or what the error means that it
// holds. The code decides first, the status second.
func (a answer) read(channelName string, attempt uint32) (Object, error) {
	v, ok := Parse(a.body)
	o := v.Object()
	switch {
	case ok && o.Get("error").IsObject():
		return nil, a.refusal(o.Object("error"), channelName, attempt)
	case ok && a.status >= 200 && a.status < 300:
		return o, nil
	case a.status == http.StatusTooManyRequests:
		return nil, &channel.SendError{
			Outcome: channel.NotSent, Detail: &eventv1.SendError{Reason: limited}, RetryAfter: a.retryAfter(), Limited: true,
		}
	}
	return nil, failed(channel.Unknown, "unreadable_answer", nil)
}

// refusal returns what the provider's error means.
func (a answer) refusal(o Object, channelName string, attempt uint32) error {
	code, stated := o.Get("code").Int()
	subcode, _ := o.Get("error_subcode").Int()
	e := &channel.SendError{Detail: &eventv1.SendError{Code: code, Subcode: subcode}}
	class := Class{}
	if stated {
		class = Classify(channelName, code, subcode)
	}
	switch {
	case class.Known:
		e.Outcome, e.Detail.Reason = class.Outcome, class.Reason
	case a.status == http.StatusTooManyRequests:
		e.Outcome, e.Detail.Reason = channel.NotSent, limited
	case !stated || o.Get("is_transient").True() || a.status < 400 || a.status >= 500:
		e.Outcome, e.Detail.Reason = channel.Unknown, "provider_error"
	default:
		e.Outcome, e.Detail.Reason = channel.Refused, "refused_by_provider"
	}
	if e.Outcome == channel.NotSent {
		e.RetryAfter = a.retryAfter()
	}
	switch {
	case e.Outcome != channel.NotSent:
	case e.Detail.GetReason() == limited:
		e.Limited = true
	case e.Detail.GetReason() == pairLimited && e.RetryAfter == 0:
		e.RetryAfter = pairWait(attempt)
	case e.Detail.GetReason() == mediaFailed && attempt > mediaTries:
		e.Outcome, e.RetryAfter = channel.Refused, 0
	}
	return e
}

// pairWait is how long the documentation asks to wait before the next attempt
// at one recipient: 4^n seconds.
func pairWait(attempt uint32) time.Duration {
	if attempt >= 6 {
		return maxRetryAfter
	}
	return min(time.Second<<(2*max(attempt, 1)), maxRetryAfter)
}

// retryAfter returns what the header asks for, in seconds.
func (a answer) retryAfter() time.Duration {
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil || seconds <= 0 {
		return 0
	}
	return min(time.Duration(min(seconds, 1<<20))*time.Second, maxRetryAfter)
}
