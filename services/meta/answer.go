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

// read returns the id that an answer gives the message, or what the answer
// means without one. The code decides first, the status second.
func (c Call) read(response *http.Response, body []byte) (string, error) {
	status := response.StatusCode
	v, ok := Parse(body)
	o := v.Object()
	if ok && o.Get("error").IsObject() {
		return "", c.refusal(o.Object("error"), response)
	}
	if ok && status >= 200 && status < 300 {
		if id := c.ID(o); id != "" {
			return id, nil
		}
		return "", failed(channel.Unknown, "no_message_id", nil)
	}
	if status == http.StatusTooManyRequests {
		return "", &channel.SendError{
			Outcome: channel.NotSent, Detail: &eventv1.SendError{Reason: "rate_limited"}, RetryAfter: retryAfter(response),
		}
	}
	return "", failed(channel.Unknown, "unreadable_answer", nil)
}

// refusal returns what the provider's error means.
func (c Call) refusal(o Object, response *http.Response) error {
	code, stated := o.Get("code").Int()
	subcode, _ := o.Get("error_subcode").Int()
	e := &channel.SendError{Detail: &eventv1.SendError{Code: code, Subcode: subcode}}
	class := Class{}
	if stated {
		class = Classify(c.Channel, code, subcode)
	}
	status := response.StatusCode
	switch {
	case class.Known:
		e.Outcome, e.Detail.Reason = class.Outcome, class.Reason
	case status == http.StatusTooManyRequests:
		e.Outcome, e.Detail.Reason = channel.NotSent, "rate_limited"
	case !stated || o.Get("is_transient").True() || status < 400 || status >= 500:
		e.Outcome, e.Detail.Reason = channel.Unknown, "provider_error"
	default:
		e.Outcome, e.Detail.Reason = channel.Refused, "refused_by_provider"
	}
	if e.Outcome == channel.NotSent {
		e.RetryAfter = retryAfter(response)
		if e.RetryAfter == 0 && e.Detail.GetReason() == "pair_rate_limited" {
			e.RetryAfter = pairWait(c.Attempt)
		}
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
func retryAfter(response *http.Response) time.Duration {
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds <= 0 {
		return 0
	}
	return min(time.Duration(min(seconds, 1<<20))*time.Second, maxRetryAfter)
}
