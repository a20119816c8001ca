package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/oklog/ulid/v2"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// decisions compares the decision where a reply goes in a short and in a long
// conversation. The two live in states of their own, half of whose messages are
// the customer's and half replies that were sent and read.
func decisions(ctx context.Context, out io.Writer, o options) error {
	const few, many = 10, 10_000
	sides := [2]*talk{}
	for at, messages := range []int{few, many} {
		t, err := newTalk(messages)
		if err != nil {
			return err
		}
		sides[at] = t
	}
	cost := rounds{what: "SendReply decided", unit: "ns", atMost: 1.2}
	measure := func(t *talk, to *[]float64) func(context.Context) error {
		return func(context.Context) error {
			took, err := t.decide(o.duration / 2)
			*to = append(*to, took)
			return err
		}
	}
	var warm []float64
	for _, t := range sides {
		if err := measure(t, &warm)(ctx); err != nil {
			return err
		}
	}
	if err := inTurn(ctx, o.rounds, measure(sides[1], &cost.a), measure(sides[0], &cost.b)); err != nil {
		return err
	}
	print(out, fmt.Sprintf("a conversation of %d messages", many), fmt.Sprintf("a conversation of %d messages", few), cost)
	return nil
}

// talk is a conversation between a customer in WhatsApp and an agent.
type talk struct {
	state        *conversation.State
	now          time.Time
	conversation string
	count        int
}

// newTalk plays a conversation of a number of messages.
func newTalk(messages int) (*talk, error) {
	t := &talk{state: conversation.NewState(), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	if _, err := t.do(&conversation.ApplySetup{Header: t.head(), Setup: &ingressv1.ApplySetup{
		Apps:         []*ingressv1.AppSetup{{Id: appID, Channel: "whatsapp", ProviderAppId: "1001"}},
		Integrations: []*ingressv1.IntegrationSetup{{Id: integration, Channel: "whatsapp", AppId: appID, ProviderAccountId: phoneID, Address: "15550100000"}},
		Agents:       []*ingressv1.AgentSetup{{Id: "ben", Name: "Ben"}},
	}}); err != nil {
		return nil, err
	}
	for n := range messages {
		if err := t.message(n); err != nil {
			return nil, fmt.Errorf("message %d: %w", n, err)
		}
	}
	return t, nil
}

// head returns the header of the next command, a second after the last.
func (t *talk) head() conversation.Header {
	t.now = t.now.Add(time.Second)
	t.count++
	var entropy [10]byte
	for at, rest := 0, t.count; at < 8; at, rest = at+1, rest>>8 {
		entropy[at] = byte(rest)
	}
	id := ulid.ULID{}
	_ = id.SetTime(ulid.Timestamp(t.now))
	_ = id.SetEntropy(entropy[:])
	return conversation.Header{ID: id.String(), Account: account, Now: t.now, Received: t.now}
}

// do decides a command and keeps what follows.
func (t *talk) do(c conversation.Command) (conversation.Decision, error) {
	decision, err := conversation.Decide(t.state, c)
	if err != nil {
		return decision, err
	}
	if len(decision.Events) == 0 {
		return decision, fmt.Errorf("nothing came of a %T", c)
	}
	for _, event := range decision.Events {
		conversation.Evolve(t.state, event)
	}
	return decision, nil
}

// message plays one: the customer's where n is even, otherwise a reply with all
// that becomes of it.
func (t *talk) message(n int) error {
	hash := fmt.Appendf(nil, "hash of message %d", n)
	if n%2 == 0 {
		decision, err := t.do(&conversation.ReceiveMessage{
			Header: t.head(), IntegrationID: integration, SentAt: t.now, MessageHash: hash, Content: said("hello"),
			Sender: []conversation.Address{{Kind: "phone", Value: "+15550100001", Hash: []byte("hash of a phone number")}},
		})
		t.conversation = decision.ConversationID
		return err
	}
	decision, err := t.do(t.reply())
	if err != nil {
		return err
	}
	var request *eventv1.SendRequested
	for _, event := range decision.Events {
		if body, ok := event.Body.(*eventv1.SendRequested); ok {
			request = body
		}
	}
	steps := []func() conversation.Command{
		func() conversation.Command {
			return &conversation.ClaimSend{Header: t.head(), SendID: request.GetSendId(), Attempt: request.GetAttempt(), Nonce: "n"}
		},
		func() conversation.Command {
			return &conversation.ReportOutcome{
				Header: t.head(), SendID: request.GetSendId(), Attempt: request.GetAttempt(), Nonce: "n",
				Sent: fmt.Sprintf("wamid.%d", n), SentHash: hash,
			}
		},
		func() conversation.Command {
			return &conversation.RecordReceipt{
				Header: t.head(), IntegrationID: integration, MessageHash: hash,
				State: eventv1.ReceiptState_RECEIPT_STATE_READ, At: t.now,
			}
		},
	}
	for _, step := range steps {
		if _, err := t.do(step()); err != nil {
			return err
		}
	}
	return nil
}

func (t *talk) reply() *conversation.SendReply {
	return &conversation.SendReply{
		Header: t.head(), Content: said("you can have it"),
		Agent: conversation.Agent{AgentID: "ben", ConversationID: t.conversation},
	}
}

// decide decides the same reply again and again, and returns how long that takes
// in nanoseconds.
func (t *talk) decide(duration time.Duration) (float64, error) {
	const atOnce = 1000
	command := t.reply()
	start, done := time.Now(), 0
	for time.Since(start) < duration {
		for range atOnce {
			decision, err := conversation.Decide(t.state, command)
			if err != nil {
				return 0, err
			}
			if len(decision.Events) == 0 {
				return 0, fmt.Errorf("nothing came of a reply")
			}
		}
		done += atOnce
	}
	return float64(time.Since(start).Nanoseconds()) / float64(done), nil
}

func said(text string) *eventv1.Content {
	return &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Text{Text: &eventv1.Text{Body: text}}}}}
}
