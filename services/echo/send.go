package echo

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// Sender says things in the room.
type Sender struct {
	url  string
	http *http.Client
}

var _ channel.Sender = (*Sender)(nil)

// NewSender returns a sender for a room's API at an address.
func NewSender(url string) *Sender {
	return &Sender{url: url, http: &http.Client{
		Timeout: 20 * time.Second,
		// Who redirects has not said that nothing was done.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// maxAnswer bounds how much of an answer is read.
const maxAnswer = 64 << 10

// Send makes one attempt.
func (s *Sender) Send(ctx context.Context, send *ingressv1.Send, token channel.Secret) (string, error) {
	text, to, err := said(send)
	if err != nil {
		return "", err
	}
	if send.GetProviderAccountId() == "" {
		return "", failed(channel.Unhealthy, "no_account", nil)
	}
	if token == "" {
		return "", failed(channel.Unhealthy, "no_token", nil)
	}
	message, err := json.Marshal(map[string]string{
		"room": send.GetProviderAccountId(), "to": to, "text": text,
	})
	if err != nil {
		return "", failed(channel.Refused, "invalid", err)
	}
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/say", bytes.NewReader(message))
	if err != nil {
		return "", failed(channel.Refused, "invalid", err)
	}
	request.Header.Set("Authorization", "Bearer "+token.Reveal())
	request.Header.Set("Content-Type", "application/json")
	response, err := s.http.Do(request)
	if err != nil {
		return "", lost(connected.Load(), err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return "", lost(true, err)
	}
	return outcome(response, answer)
}

// said returns the text of a send and the name that it is for, or why there is
// nothing to send.
func said(send *ingressv1.Send) (text, to string, err error) {
	if send.GetErased() {
		return "", "", failed(channel.Refused, "erased", nil)
	}
	// More than plain text never comes to a channel that says nothing of what it
	// can show.
	if parts := send.GetContent().GetParts(); len(parts) == 1 {
		text = parts[0].GetText().GetBody()
	}
	if text == "" {
		return "", "", failed(channel.Refused, "unsupported_content", nil)
	}
	for _, alias := range send.GetRecipient() {
		if alias.GetKind() == kindName {
			return text, alias.GetValue(), nil
		}
	}
	return "", "", failed(channel.Refused, "no_address", nil)
}

// outcome says what an answer means. What does not say that the message was taken
// or refused, leaves it open.
func outcome(response *http.Response, answer []byte) (string, error) {
	var a struct {
		ID    string `json:"id"`
		Error string `json:"error"`
	}
	err := json.Unmarshal(answer, &a)
	switch {
	case response.StatusCode == http.StatusTooManyRequests:
		e := failed(channel.NotSent, "rate_limited", nil)
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		e.RetryAfter = time.Duration(max(0, min(seconds, 3600))) * time.Second
		return "", e
	case err != nil:
		return "", failed(channel.Unknown, "unreadable_answer", nil)
	case response.StatusCode == http.StatusOK && a.ID != "":
		return a.ID, nil
	case response.StatusCode == http.StatusOK:
		return "", failed(channel.Unknown, "no_message_id", nil)
	case response.StatusCode == http.StatusUnauthorized:
		return "", failed(channel.Unhealthy, "token_refused", nil)
	case a.Error == "gone":
		return "", failed(channel.Refused, "no_such_user", nil)
	}
	return "", failed(channel.Unknown, "provider_error", nil)
}

// lost says what an attempt without an answer means: nothing was sent where there
// was no connection, and otherwise nobody knows.
func lost(connected bool, err error) error {
	if connected {
		return failed(channel.Unknown, "connection_lost", err)
	}
	return failed(channel.NotSent, "network", err)
}

func failed(outcome channel.Outcome, reason string, cause error) *channel.SendError {
	return &channel.SendError{Outcome: outcome, Detail: &eventv1.SendError{Reason: reason}, Cause: cause}
}
