package conversation_test

import (
	"fmt"
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// doubts has WhatsApp say that Ana's address may have come into other hands.
func (d *desk) doubts() conversation.Decision {
	d.t.Helper()
	return d.give(&conversation.ChangeIdentity{
		IntegrationID: "whatsapp", Sender: []conversation.Address{address("whatsapp", "phone", "ana")}, Doubt: true,
		Otherwise: &conversation.KeepItem{Source: "whatsapp", IntegrationID: "whatsapp", Ignored: "identity_change"},
	})
}

// A widget asks for a second link while the address is in doubt, and whoever holds
// the address brings its code. They are asked who they are, and only after that
// whether they want to go on here.
func TestI13ALinkWaitsForTheQuestionWhoItIs(t *testing.T) {
	d := newDesk(t)
	moves := shop()
	moves.BoundElsewhere = eventv1.BoundElsewhere_BOUND_ELSEWHERE_MOVE
	d.give(&conversation.ApplySetup{Setup: moves})
	d.replies()
	d.doubts()
	visitor := address("widget", "visitor", "bob")
	d.give(&conversation.ReceiveMessage{
		IntegrationID: "widget", Sender: []conversation.Address{visitor}, Content: conversation.Text("hello"),
	})
	d.give(&conversation.RequestLink{
		Visitor:       &conversation.Visitor{WidgetID: "widget", Address: visitor},
		IntegrationID: "whatsapp", LinkID: "other", CodeHash: []byte("other code"),
	})
	d.expect(d.writes("code", &conversation.Code{Hash: []byte("other code")}), "LinkMatched IdentityMatched")
	d.expect(d.writes("yes", nil), "IdentityConfirmed AddressConfirmed LinkPrompted SendQueued")
	d.expect(d.writes("a wrong one", &conversation.Code{Hash: []byte("no code")}), "CodeRefused SendQueued")
}

// A prompt, a wrong code's answer and a reply wait in the lane when the address comes
// into doubt: none of them is handed over, nor is one that comes back from a sender.
func TestI13WhatWaitsIsNotSentToSomebodyElse(t *testing.T) {
	d := newDesk(t)
	conv, claimed := d.replies()
	d.writes("a wrong one", &conversation.Code{Hash: []byte("no code")})
	d.give(&conversation.SendReply{
		Agent: conversation.Agent{AgentID: "kim", ConversationID: conv}, Content: conversation.Text("for Ana"),
	})
	d.expect(d.doubts(), "SendWithdrawn IdentityKeyChanged AddressDoubted SendWithdrawn ReplyRerouted MessageSent SendQueued")
	d.expect(d.give(&conversation.ReportOutcome{
		SendID: claimed, Attempt: 1, Nonce: "n", NotSent: &eventv1.SendError{Reason: "network"},
	}), "SendDeferred SendWithdrawn ReplyRerouted MessageSent SendRequested")
	lane := d.state.Identity(d.state.Conversation(conv).Route[0].IdentityID).Lane
	if len(lane) != 1 || lane[0].Origin.GetKind() != eventv1.SendKind_SEND_KIND_PROMPT || lane[0].Origin.GetLinkId() != "" {
		t.Errorf("there waits %v", lane)
	}
	d.expect(d.writes("a wrong one again", &conversation.Code{Hash: []byte("no code")}), "CodeRefused")
	d.refuses(&conversation.SendReply{
		Agent: conversation.Agent{AgentID: "kim", ConversationID: conv}, Content: template(),
	}, ingressv1.Refusal_REFUSAL_UNCONFIRMED)
}

// template is content that goes to its channel or nowhere.
func template() *eventv1.Content {
	return &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Template{
		Template: &eventv1.Template{Name: "hello", Language: "en"},
	}}}}
}

// A reply answers one of ours: it quotes it where that went out to the same address
// and did not fail, and otherwise says nothing of it.
func TestAReplyQuotesOneOfOurs(t *testing.T) {
	d := newDesk(t)
	conv, first := d.replies()
	message := d.state.Conversation(conv).Route[0].IdentityID
	lane := d.state.Identity(message).Lane
	ours := lane[0].Origin.GetMessageId()
	answer := func(to string) *eventv1.SendQueued {
		content := conversation.Text("to that")
		content.ReplyTo = &eventv1.ReplyTo{MessageId: to}
		for _, e := range d.give(&conversation.SendReply{
			Agent: conversation.Agent{AgentID: "kim", ConversationID: conv}, Content: content,
		}).Events {
			if queued, ok := e.Body.(*eventv1.SendQueued); ok {
				return queued
			}
		}
		t.Fatal("nothing was queued")
		return nil
	}
	if q := answer(ours); q.GetQuotedEventId() != "" {
		t.Errorf("quoted before it has an id: %v", q)
	}
	sent := d.give(&conversation.ReportOutcome{SendID: first, Attempt: 1, Nonce: "n", Sent: "out-1", SentHash: []byte("out-1")})
	if q := answer(ours); q.GetQuotedEventId() != sent.Events[0].ID {
		t.Errorf("quoted %q, not the event %s of the outcome", q.GetQuotedEventId(), sent.Events[0].ID)
	}
	d.give(&conversation.RecordReceipt{
		IntegrationID: "whatsapp", MessageHash: []byte("out-1"), ProviderMessageID: "out-1",
		State: eventv1.ReceiptState_RECEIPT_STATE_FAILED, Error: &eventv1.SendError{Reason: "undeliverable"},
	})
	if q := answer(ours); q.GetQuotedEventId() != "" {
		t.Errorf("quoted though it failed: %v", q)
	}
}

// A message that no parser could read, and an edit, turn out to have files: they are
// fetched as any other, once.
func TestFilesOfWhatIsReadLater(t *testing.T) {
	d := newDesk(t)
	said := d.give(&conversation.ReceiveMessage{
		IntegrationID: "whatsapp", Sender: []conversation.Address{address("whatsapp", "phone", "ana")},
		Content: &eventv1.Content{Parts: []*eventv1.Part{{}}}, MessageHash: []byte("odd"),
	})
	reparse := func() conversation.Decision {
		return d.give(&conversation.ReparseItem{
			ConversationID: said.ConversationID, MessageID: said.MessageID, MessageHash: []byte("odd"),
			Content: picture(&eventv1.Media{ProviderMediaId: "media"}),
		})
	}
	read := reparse()
	d.expect(read, "MessageReparsed MediaRequested")
	if r := asked(t, read); r.GetIntegrationId() != "whatsapp" || r.GetContentEventId() != read.Events[0].ID || r.GetMessageId() != said.MessageID {
		t.Errorf("asked for is %v", r)
	}
	d.expect(reparse(), "MessageReparsed")
	hash := fmt.Append(nil, "in", d.count)
	d.writes("look", nil)
	edit := &conversation.EditMessage{
		IntegrationID: "whatsapp", Sender: []conversation.Address{address("whatsapp", "phone", "ana")},
		MessageHash: hash, Content: picture(&eventv1.Media{ProviderMediaId: "other"}), Number: 1,
	}
	d.expect(d.give(edit), "MessageEdited MediaRequested")
}

// An adapter of one integration speaks of the files of another: it is told nothing,
// and nothing changes.
func TestAnAdapterReportsOnItsOwnFilesOnly(t *testing.T) {
	d := newDesk(t)
	d.give(&conversation.ApplySetup{Setup: &ingressv1.ApplySetup{
		Name: "Shop", Apps: []*ingressv1.AppSetup{{Id: "room-app", Channel: "echo"}},
		Integrations: []*ingressv1.IntegrationSetup{{Id: "room", Channel: "echo", AppId: "room-app", ProviderAccountId: "1"}},
	}})
	report := stored(asked(t, d.shows(&eventv1.Media{ProviderMediaId: "media"})))
	report.Instance = "room"
	d.refuses(report, ingressv1.Refusal_REFUSAL_NOT_FOUND)
	report.Instance = "whatsapp"
	d.expect(d.give(report), "MediaStored")
}
