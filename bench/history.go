package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/keyring"
	"weiche/services/router"
)

// history is a log of the product's own events, made by the router: customers
// write over WhatsApp, an agent answers every third time, and what is sent is
// claimed, accepted, delivered and read. It is made once for all comparisons of a
// run that need it, and closed; who opens it leaves it as it is.
type history struct {
	dir    string
	events int
	// root is the folder, empty until it is made.
	root string
	// conversations are those that have all their lines.
	conversations []string
}

// lines is how many a conversation has.
const lines = 100

// sideBySide is how many conversations go on at the same time: so few that some
// come to their end, with about 400 events each.
func (h *history) sideBySide() int { return min(500, max(1, h.events/400)) }

func (h *history) log() string     { return filepath.Join(h.root, "log") }
func (h *history) keyring() string { return filepath.Join(h.root, "keyring") }

func (h *history) remove() error {
	if h.root == "" {
		return nil
	}
	return os.RemoveAll(h.root)
}

// make makes it, if that was not done before.
func (h *history) make(ctx context.Context, out io.Writer) (err error) {
	if h.root != "" {
		return nil
	}
	if h.root, err = os.MkdirTemp(h.dir, "weiche-bench-"); err != nil {
		return err
	}
	began := time.Now()
	w, err := openWriter(h)
	if err != nil {
		return err
	}
	err = w.setUp(ctx)
	for err == nil && w.store.Durable() < uint64(h.events) {
		err = w.generation(ctx)
	}
	position := w.store.Durable()
	if err := errors.Join(err, w.close()); err != nil {
		return fmt.Errorf("make a log of %d events: %w", h.events, err)
	}
	h.conversations = w.finished
	fmt.Fprintf(out, "  made a log of %d events, %d conversations of %d lines in %s\n\n",
		position, len(h.conversations), lines, time.Since(began).Round(time.Second))
	return nil
}

// writer makes the events of a history.
type writer struct {
	events     uint64
	sideBySide int

	now    time.Time
	keys   *keyring.Keyring
	store  *eventstore.Store
	engine *router.Engine
	noise  noise

	people   int
	messages uint64
	read     uint64 // the position up to which the log was read
	finished []string
}

var (
	ofAdmin    = channel.Source{Kind: channel.KindAgent, Account: account, ID: "admin"}
	ofWhatsApp = channel.Source{Kind: channel.KindChannel, Account: account, ID: integration}
	ofSender   = channel.Source{Kind: channel.KindEgress, Account: account, ID: "sender"}
)

func openWriter(h *history) (_ *writer, err error) {
	logger := slog.New(slog.DiscardHandler)
	w := &writer{events: uint64(h.events), sideBySide: h.sideBySide(), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), noise: newNoise()}
	clock := func() time.Time { return w.now }
	if w.keys, err = keyring.Open(h.keyring(), keyring.Options{Logger: logger, Pool: 4 * w.sideBySide}); err != nil {
		return nil, err
	}
	if w.store, err = eventstore.Open(h.log(), router.LogOptions(eventstore.Options{Now: clock, Logger: logger})); err != nil {
		return nil, errors.Join(err, w.keys.Close())
	}
	w.engine = router.NewEngine(router.EngineConfig{Store: w.store, Keys: w.keys, Now: clock, Logger: logger})
	return w, nil
}

func (w *writer) close() error { return errors.Join(w.store.Close(), w.keys.Close()) }

func (w *writer) setUp(ctx context.Context) error {
	_, err := w.round(ctx, ofAdmin, []*ingressv1.Item{{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
		AgentId: "admin", Command: &ingressv1.AgentCommand_ApplySetup{ApplySetup: &ingressv1.ApplySetup{
			Apps:         []*ingressv1.AppSetup{{Id: appID, Channel: "whatsapp", ProviderAppId: "1001", AppSecrets: []string{appSecret}, VerifyToken: "a verify token"}},
			Integrations: []*ingressv1.IntegrationSetup{{Id: integration, Channel: "whatsapp", AppId: appID, ProviderAccountId: phoneID, Address: "15550100000", AccessToken: "a token"}},
			Agents:       []*ingressv1.AgentSetup{{Id: "ben", Name: "Ben"}},
		}},
	}}}})
	return err
}

// round has the router decide items, each of which has to be committed.
func (w *writer) round(ctx context.Context, from channel.Source, items []*ingressv1.Item) ([]*ingressv1.ItemAnswer, error) {
	w.now = w.now.Add(time.Second)
	answers, err := w.engine.Round(ctx, []router.Request{{Source: from, Batch: &ingressv1.Batch{Items: items, ReceivedAt: timestamppb.New(w.now)}}})
	if err != nil {
		return nil, err
	}
	for _, answer := range answers[0].GetItems() {
		if answer.GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
			return nil, fmt.Errorf("an item was not committed: %v", answer)
		}
	}
	return answers[0].GetItems(), nil
}

// generation plays conversations side by side, each with a customer of its own,
// from the first line to the last, or until there are enough events.
func (w *writer) generation(ctx context.Context) error {
	first := w.people
	w.people += w.sideBySide
	talks := make([]string, w.sideBySide)
	for line := range lines {
		if w.store.Durable() >= w.events {
			return nil
		}
		if line%3 == 2 {
			if err := w.replies(ctx, talks); err != nil {
				return err
			}
			continue
		}
		items := make([]*ingressv1.Item, w.sideBySide)
		for at := range items {
			items[at] = w.inbound(first + at)
		}
		answers, err := w.round(ctx, ofWhatsApp, items)
		if err != nil {
			return err
		}
		for at, answer := range answers {
			talks[at] = answer.GetConversationId()
		}
	}
	w.finished = append(w.finished, talks...)
	return nil
}

// words is a text of the usual length, no two alike.
func (w *writer) words() string {
	w.messages++
	return fmt.Sprintf("Is the blue one still there, number %d? I could come by in the afternoon. %x", w.messages, w.noise.bytes(w.messages, 20))
}

func (w *writer) inbound(person int) *ingressv1.Item {
	text := w.words()
	phone, id := fmt.Sprintf("1555%07d", person), fmt.Sprintf("wamid.%032x", w.messages)
	return &ingressv1.Item{
		Raw: fmt.Appendf(nil, `{"from":"%s","id":"%s","timestamp":"%d","type":"text","text":{"body":"%s"}}`, phone, id, w.now.Unix(), text),
		Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
			ProviderAccountId: phoneID, ProviderMessageId: id, SentAt: timestamppb.New(w.now),
			Sender:  []*eventv1.Alias{{Kind: "phone", Value: phone}},
			Profile: &eventv1.Profile{Name: fmt.Sprintf("Customer %d", person)},
			Event:   &ingressv1.Inbound_Message{Message: conversation.Text(text)},
		}},
	}
}

// replies answers in each conversation, and lets each answer arrive.
func (w *writer) replies(ctx context.Context, talks []string) error {
	w.read = w.store.Durable()
	var items []*ingressv1.Item
	for _, talk := range talks {
		items = append(items, &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
			AgentId: "ben", ClientToken: w.words(), ConversationId: talk,
			Command: &ingressv1.AgentCommand_SendReply{SendReply: &ingressv1.SendReply{Content: conversation.Text(w.words())}},
		}}})
	}
	if _, err := w.round(ctx, ofAdmin, items); err != nil {
		return err
	}
	sends, err := w.requested(ctx)
	if err != nil {
		return err
	}
	if len(sends) != len(talks) {
		return fmt.Errorf("%d sends were requested for %d replies", len(sends), len(talks))
	}
	steps := []struct {
		from channel.Source
		item func(send, id string) *ingressv1.Item
	}{
		{ofSender, claim},
		{ofSender, accepted},
		{ofWhatsApp, receipt(eventv1.ReceiptState_RECEIPT_STATE_DELIVERED)},
		{ofWhatsApp, receipt(eventv1.ReceiptState_RECEIPT_STATE_READ)},
	}
	for _, step := range steps {
		items = items[:0]
		for _, send := range sends {
			items = append(items, step.item(send, "wamid."+send))
		}
		if _, err := w.round(ctx, step.from, items); err != nil {
			return err
		}
	}
	return nil
}

// requested returns the sends that the newest records request.
func (w *writer) requested(ctx context.Context) (sends []string, err error) {
	for rec, err := range w.store.ReadAll(ctx, w.read+1) {
		if err != nil {
			return nil, err
		}
		if rec.Type != "weiche.event.v1.SendRequested" {
			continue
		}
		request := new(eventv1.SendRequested)
		if err := proto.Unmarshal(rec.Facts, request); err != nil {
			return nil, err
		}
		sends = append(sends, request.GetSendId())
	}
	return sends, nil
}

func claim(send, _ string) *ingressv1.Item {
	return &ingressv1.Item{Kind: &ingressv1.Item_Sender{Sender: &ingressv1.SenderCommand{
		Command: &ingressv1.SenderCommand_Claim{Claim: &ingressv1.ClaimSend{SendId: send, Attempt: 1, Nonce: "nonce"}},
	}}}
}

func accepted(send, id string) *ingressv1.Item {
	return &ingressv1.Item{Kind: &ingressv1.Item_Sender{Sender: &ingressv1.SenderCommand{
		Command: &ingressv1.SenderCommand_Outcome{Outcome: &ingressv1.ReportOutcome{
			SendId: send, Attempt: 1, Nonce: "nonce", IntegrationId: integration,
			Outcome: &ingressv1.ReportOutcome_ProviderMessageId{ProviderMessageId: id},
		}},
	}}}
}

func receipt(state eventv1.ReceiptState) func(send, id string) *ingressv1.Item {
	return func(_, id string) *ingressv1.Item {
		return &ingressv1.Item{Raw: fmt.Appendf(nil, `{"id":"%s","status":"%s"}`, id, state), Kind: &ingressv1.Item_Receipt{Receipt: &ingressv1.Receipt{
			ProviderAccountId: phoneID, ProviderMessageId: id, State: state,
		}}}
	}
}
