package meta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/channel"
)

// Call is one message to be handed to the provider.
type Call struct {
	// Channel decides which rows of the table of errors are read.
	Channel string
	// Sender is the element of the path before /messages.
	Sender string
	// Token authorises it.
	Token channel.Secret
	// Body is sent as JSON.
	Body any
	// Attempt is the number of the attempt, from 1.
	Attempt uint32
	// ID returns the provider's id of the message from an answer, or nothing.
	ID func(Object) string
}

// Send makes one attempt at a POST to /{version}/{sender}/messages and returns
// the provider's id of the message. Any other outcome is a
// [*channel.SendError]: NotSent where no byte of the request has left, what the
// table says where the answer is an error, Unknown for everything else.
func (g *Graph) Send(ctx context.Context, call Call) (string, error) {
	if err := authorised(call.Sender, call.Token); err != nil {
		return "", err
	}
	payload, err := json.Marshal(call.Body)
	if err != nil {
		return "", failed(channel.Refused, "invalid", err)
	}
	a, err := g.put(ctx, question{
		method: http.MethodPost, path: []string{call.Sender, "messages"}, token: call.Token,
		kind: "application/json", body: bytes.NewReader(payload), length: int64(len(payload)),
	})
	if err != nil {
		return "", err
	}
	o, err := a.read(call.Channel, call.Attempt)
	if err != nil {
		return "", err
	}
	if id := call.ID(o); id != "" {
		return id, nil
	}
	return "", failed(channel.Unknown, "no_message_id", nil)
}

// Request is a call beside messages: an upload, a listing, a sign that somebody
// types. Nothing of it can become a message that a customer reads.
type Request struct {
	// Channel decides which rows of the table of errors are read.
	Channel string
	// Method is GET or POST.
	Method string
	// Account is the first element of the path after the version, and Edge the
	// second; the account itself where it is empty.
	Account, Edge string
	// Query is what follows the path.
	Query url.Values
	// Token authorises it.
	Token channel.Secret
	// Body is sent as JSON, or Form as a form; neither where both are nil.
	Body any
	Form *Form
	// Attempt is the number of the attempt, from 1.
	Attempt uint32
}

// Ask makes one attempt at a call beside messages and returns the answer. Any
// other outcome is a [*channel.SendError], never Unknown: what did not arrive
// whole can be asked again.
func (g *Graph) Ask(ctx context.Context, r Request) (Object, error) {
	if err := authorised(r.Account, r.Token); err != nil {
		return nil, err
	}
	q := question{method: r.Method, path: []string{r.Account}, query: r.Query, token: r.Token}
	if r.Edge != "" {
		q.path = append(q.path, r.Edge)
	}
	switch {
	case r.Form != nil:
		q.kind, q.body, q.length = r.Form.encode()
	case r.Body != nil:
		payload, err := json.Marshal(r.Body)
		if err != nil {
			return nil, failed(channel.Refused, "invalid", err)
		}
		q.kind, q.body, q.length = "application/json", bytes.NewReader(payload), int64(len(payload))
	}
	a, err := g.put(ctx, q)
	if err != nil {
		return nil, again(err)
	}
	o, err := a.read(r.Channel, r.Attempt)
	if err != nil {
		return nil, again(err)
	}
	return o, nil
}

// again makes NotSent of Unknown.
func again(err error) error {
	var e *channel.SendError
	if errors.As(err, &e) && e.Outcome == channel.Unknown {
		e.Outcome = channel.NotSent
	}
	return err
}

func authorised(account string, token channel.Secret) error {
	switch {
	case account == "":
		return failed(channel.Unhealthy, "no_account", nil)
	case token == "":
		return failed(channel.Unhealthy, "no_token", nil)
	}
	return nil
}

func failed(outcome channel.Outcome, reason string, cause error) error {
	return &channel.SendError{Outcome: outcome, Detail: &eventv1.SendError{Reason: reason}, Cause: cause}
}

// Refuse returns the error for a message that is not handed to the provider.
func Refuse(reason string) error { return failed(channel.Refused, reason, nil) }
