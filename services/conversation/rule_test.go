package conversation_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// desk is a complete state to which a test gives commands one by one, for what a
// story cannot say: overdue timers, receipts that name a send.
type desk struct {
	t     *testing.T
	state *conversation.State
	now   time.Time
	count int
}

// newDesk has Ana in the widget and, where it is linked, on WhatsApp.
func newDesk(t *testing.T) *desk {
	d := &desk{t: t, state: conversation.NewState(), now: start}
	d.give(&conversation.ApplySetup{Setup: shop()})
	d.give(&conversation.ReceiveMessage{
		IntegrationID: "widget", Sender: []conversation.Address{address("widget", "visitor", "ana")}, Content: conversation.Text("hello"),
	})
	d.give(&conversation.RequestLink{
		Visitor:       &conversation.Visitor{WidgetID: "widget", Address: address("widget", "visitor", "ana")},
		IntegrationID: "whatsapp", LinkID: "link", CodeHash: []byte("code"),
	})
	return d
}

func shop() *ingressv1.ApplySetup {
	return &ingressv1.ApplySetup{
		Name:   "Shop",
		Agents: []*ingressv1.AgentSetup{{Id: "kim", Name: "Kim"}},
		Apps:   []*ingressv1.AppSetup{{Id: "app", Channel: "whatsapp"}},
		Integrations: []*ingressv1.IntegrationSetup{{
			Id: "whatsapp", Channel: "whatsapp", AppId: "app", ProviderAccountId: "1",
		}},
		Widgets: []*ingressv1.WidgetSetup{{Id: "widget", Site: "shop.example", Offers: []string{"whatsapp"}}},
	}
}

// give decides a command, folds what follows and returns it.
func (d *desk) give(c conversation.Command) conversation.Decision {
	d.t.Helper()
	d.count++
	h := conversation.HeaderOf(c)
	h.ID, h.Account, h.Now, h.Received = fmt.Sprintf("01%016d00000000", d.count), account, d.now, d.now
	decision, err := conversation.Decide(d.state, c)
	if err != nil {
		d.t.Fatalf("%T: %v", c, err)
	}
	for _, e := range decision.Events {
		conversation.Evolve(d.state, e)
		if content := contentOf(e.Body); content != nil {
			d.state.SetContent(e.ID, content)
		}
	}
	return decision
}

// writes sends a message of Ana over WhatsApp, with or without a code.
func (d *desk) writes(text string, code *conversation.Code) conversation.Decision {
	d.t.Helper()
	return d.give(&conversation.ReceiveMessage{
		IntegrationID: "whatsapp", Sender: []conversation.Address{address("whatsapp", "phone", "ana")},
		Content: conversation.Text(text), Code: code, MessageHash: fmt.Append(nil, "in", d.count),
	})
}

// replies links WhatsApp, and returns the send of a reply that a worker has claimed
// there.
func (d *desk) replies() (conversationID, sendID string) {
	d.t.Helper()
	prompt := sendOf(d.t, d.writes("code", &conversation.Code{Hash: []byte("code")}))
	d.give(&conversation.ClaimSend{SendID: prompt, Attempt: 1, Nonce: "n"})
	d.give(&conversation.ReportOutcome{SendID: prompt, Attempt: 1, Nonce: "n", Sent: "prompt", SentHash: []byte("prompt")})
	conversationID = d.writes("yes", nil).ConversationID
	sendID = sendOf(d.t, d.give(&conversation.SendReply{
		Agent: conversation.Agent{AgentID: "kim", ConversationID: conversationID}, Content: conversation.Text("hello"),
	}))
	d.give(&conversation.ClaimSend{SendID: sendID, Attempt: 1, Nonce: "n"})
	return conversationID, sendID
}

// sendOf returns the send that a decision has queued.
func sendOf(t *testing.T, decision conversation.Decision) string {
	t.Helper()
	for _, e := range decision.Events {
		if queued, ok := e.Body.(*eventv1.SendQueued); ok {
			return queued.GetSendId()
		}
	}
	t.Fatal("nothing was queued")
	return ""
}

// kinds names the events of a decision.
func kinds(decision conversation.Decision) string {
	var names []string
	for _, e := range decision.Events {
		names = append(names, string(e.Body.ProtoReflect().Descriptor().Name()))
	}
	return strings.Join(names, " ")
}

func (d *desk) expect(decision conversation.Decision, want string) {
	d.t.Helper()
	if got := kinds(decision); got != want {
		d.t.Errorf("there came %s\nand not     %s", got, want)
	}
}

// An adapter of one integration asks for a send of another. It does not get it, also
// where it may speak of the outcomes of the account.
func TestAnAdapterClaimsItsOwnSendsOnly(t *testing.T) {
	d := newDesk(t)
	d.give(&conversation.ApplySetup{Setup: &ingressv1.ApplySetup{
		Name: "Shop", Apps: []*ingressv1.AppSetup{{Id: "room-app", Channel: "echo"}},
		Integrations: []*ingressv1.IntegrationSetup{{Id: "room", Channel: "echo", AppId: "room-app", ProviderAccountId: "1"}},
	}})
	send := sendOf(t, d.writes("code", &conversation.Code{Hash: []byte("code")}))
	claim := func(instance string) *conversation.ClaimSend {
		return &conversation.ClaimSend{
			Header: conversation.Header{ID: "02000000000000000000000000", Account: account, Now: d.now, Received: d.now},
			SendID: send, Attempt: 1, Nonce: "n", Instance: instance,
		}
	}
	var refused *conversation.Refusal
	if _, err := conversation.Decide(d.state, claim("room")); !errors.As(err, &refused) || refused.Reason != ingressv1.Refusal_REFUSAL_CLAIM_LOST {
		t.Errorf("the adapter of the room claims a send of WhatsApp: %v", err)
	}
	for _, instance := range []string{"whatsapp", "host-4711"} {
		if _, err := conversation.Decide(d.state, claim(instance)); err != nil {
			t.Errorf("%s: %v", instance, err)
		}
	}
	// Nor does it name messages of another integration, or say how that is served.
	d.give(claim("whatsapp"))
	outcome := &conversation.ReportOutcome{
		SendID: send, Attempt: 1, Nonce: "n", Sent: "prompt", SentHash: []byte("prompt"), IntegrationID: "room",
	}
	d.refuses(outcome, ingressv1.Refusal_REFUSAL_INVALID)
	outcome.IntegrationID = "whatsapp"
	d.expect(d.give(outcome), "SendSucceeded")
	ill := &conversation.ReportHealth{IntegrationID: "whatsapp", Instance: "room", Unhealthy: &eventv1.SendError{Reason: "token_refused"}}
	d.refuses(ill, ingressv1.Refusal_REFUSAL_NOT_FOUND)
	ill.Instance = "host-4711"
	d.expect(d.give(ill), "IntegrationUnhealthy")
}

// The time to confirm a link has run out and its timer has not rung yet, when the
// same identity brings the same code again. The message ends the link, and then
// looked for it: the decision panicked.
func TestTheCodeAgainAfterTheTimeToConfirm(t *testing.T) {
	d := newDesk(t)
	d.writes("code", &conversation.Code{Hash: []byte("code")})
	d.now = d.now.Add(time.Hour)
	d.expect(d.writes("code", &conversation.Code{Hash: []byte("code")}), "LinkExpired SendWithdrawn")
}

// A reply is claimed, its channel is disconnected, and the worker says that the
// reply did not leave. It was tried again over the channel that the customer had
// left; it was not handed over, so it is decided again (L11).
func TestAReplyThatDidNotLeaveAChannelThatIsGone(t *testing.T) {
	d := newDesk(t)
	c, send := d.replies()
	d.expect(d.give(&conversation.Disconnect{
		Agent: &conversation.Agent{AgentID: "kim", ConversationID: c}, IntegrationID: "whatsapp",
	}), "ChannelUnbound IdentityReleased RouteChanged NoticeQueued SendQueued")
	d.expect(d.give(&conversation.ReportOutcome{
		SendID: send, Attempt: 1, Nonce: "n", NotSent: &eventv1.SendError{Reason: "network"},
	}), "SendDeferred SendWithdrawn ReplyRerouted MessageSent SendRequested")
}

// A read receipt waits for its message, and a delivery receipt that names the send
// is what makes the message known. The message was read and then delivered (I10).
func TestI10AReceiptThatNamesTheSendComesSecond(t *testing.T) {
	d := newDesk(t)
	_, send := d.replies()
	receipt := func(state eventv1.ReceiptState, sendID string) conversation.Decision {
		return d.give(&conversation.RecordReceipt{
			IntegrationID: "whatsapp", MessageHash: []byte("out"), ProviderMessageID: "out", SendID: sendID, State: state,
		})
	}
	d.expect(receipt(eventv1.ReceiptState_RECEIPT_STATE_READ, ""), "ReceiptParked")
	d.expect(receipt(eventv1.ReceiptState_RECEIPT_STATE_READ, ""), "")
	d.expect(receipt(eventv1.ReceiptState_RECEIPT_STATE_DELIVERED, send), "SendSucceeded MessageSent MessageRead")
}

// A customer answers a message: a reply of an agent, or one of their own. What the
// provider calls it is nothing that anybody can read; the line named no message.
func TestACustomerAnswersAMessage(t *testing.T) {
	d := newDesk(t)
	_, send := d.replies()
	d.give(&conversation.ReportOutcome{SendID: send, Attempt: 1, Nonce: "n", Sent: "out", SentHash: []byte("out")})
	quote := func(id string, quoted string) (conversation.Decision, string) {
		decision := d.give(&conversation.ReceiveMessage{
			IntegrationID: "whatsapp", Sender: []conversation.Address{address("whatsapp", "phone", "ana")},
			MessageHash: []byte(id), QuotedHash: []byte(quoted),
			Content: &eventv1.Content{
				Parts:   conversation.Text("that one").GetParts(),
				ReplyTo: &eventv1.ReplyTo{ProviderMessageId: quoted},
			},
		})
		for _, e := range decision.Events {
			if received, ok := e.Body.(*eventv1.MessageReceived); ok {
				return decision, received.GetSealed().GetContent().GetReplyTo().GetMessageId()
			}
		}
		t.Fatal("the message did not come")
		return decision, ""
	}
	first, of := quote("first", "out")
	if of == "" || of == first.MessageID {
		t.Errorf("the answer to the agent's reply names %q", of)
	}
	if _, of := quote("second", "first"); of != first.MessageID {
		t.Errorf("the answer to the message before names %q, not %q", of, first.MessageID)
	}
	if _, of := quote("third", "of nobody"); of != "" {
		t.Errorf("the answer to a message that nobody knows names %q", of)
	}
}
