package conversation_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// A reply waits in the lane of WhatsApp when the customer goes on in a new
// conversation. It goes where it was going: to the same person, as what it was written
// for; also where it did not leave at first.
func TestI13AReplyOfTheConversationBefore(t *testing.T) {
	d := newDesk(t)
	setup := shop()
	setup.Widgets[0].NewConversationAfter = durationpb.New(time.Hour)
	d.give(&conversation.ApplySetup{Setup: setup})
	old, send := d.replies()
	kim := conversation.Agent{AgentID: "kim", ConversationID: old}
	d.give(&conversation.CloseConversation{Agent: kim})
	d.now = d.now.Add(61 * time.Minute)
	next := d.writes("something else", nil)
	if next.ConversationID == old {
		t.Fatal("the customer goes on in the old conversation")
	}
	d.expect(d.give(&conversation.ReportOutcome{
		SendID: send, Attempt: 1, Nonce: "n", NotSent: &eventv1.SendError{Reason: "network"},
	}), "SendDeferred")
	timer := conversation.Timer{Kind: conversation.TimerRetry, Owner: d.state.Conversation(next.ConversationID).Route[0].IdentityID, ID: send}
	timer.Due = d.state.Identity(timer.Owner).Lane[0].Due
	d.now = timer.Due
	d.expect(d.give(&conversation.FireTimer{Timer: timer}), "SendRequested")
	d.give(&conversation.ClaimSend{SendID: send, Attempt: 2, Nonce: "n"})
	d.expect(d.give(&conversation.ReportOutcome{SendID: send, Attempt: 2, Nonce: "n", Sent: "out", SentHash: []byte("out")}),
		"SendSucceeded MessageSent")
}

// An agent without a role there, an agent who is not there, labels that are none.
func TestWhatAgentsCannotKeep(t *testing.T) {
	d := newDesk(t)
	c, _ := d.replies()
	kim := conversation.Agent{AgentID: "kim", ConversationID: c}
	d.refuses(&conversation.CloseConversation{Agent: conversation.Agent{AgentID: "zoe", ConversationID: c}}, ingressv1.Refusal_REFUSAL_NOT_FOUND)
	d.refuses(&conversation.CloseConversation{Agent: conversation.Agent{AgentID: "kim", ConversationID: "nowhere"}}, ingressv1.Refusal_REFUSAL_NOT_FOUND)
	d.refuses(&conversation.AssignConversation{Agent: kim, AssigneeID: "zoe"}, ingressv1.Refusal_REFUSAL_INVALID)
	for _, label := range []string{"", " a", "a ", "a\nb", "a\x00", "\xff", fmt.Sprintf("%041d", 1)} {
		d.refuses(&conversation.ChangeLabels{Agent: kim, Add: []string{label}}, ingressv1.Refusal_REFUSAL_INVALID)
	}
	d.refuses(&conversation.ChangeLabels{Agent: kim, Add: []string{"a"}, Remove: []string{"a"}}, ingressv1.Refusal_REFUSAL_INVALID)
	var many []string
	for n := range 20 {
		many = append(many, fmt.Sprintf("Ä %d", n))
	}
	d.expect(d.give(&conversation.ChangeLabels{Agent: kim, Add: many}), "LabelsChanged")
	d.refuses(&conversation.ChangeLabels{Agent: kim, Add: []string{"one more"}}, ingressv1.Refusal_REFUSAL_INVALID)
	d.expect(d.give(&conversation.ChangeLabels{Agent: kim, Add: []string{"one more"}, Remove: many[:1]}), "LabelsChanged")
	d.refuses(&conversation.SeeConversation{Agent: kim, MessageID: "no message"}, ingressv1.Refusal_REFUSAL_NOT_FOUND)
}

// Codes that nobody has made come from very many addresses. Up to the limit each is
// written down; what is beyond is what it says. One that was made is found all the same.
func TestL6AFloodOfCodesIsText(t *testing.T) {
	d := newDesk(t)
	send := func(from, code string) conversation.Decision {
		return d.give(&conversation.ReceiveMessage{
			IntegrationID: "whatsapp", Sender: []conversation.Address{address("whatsapp", "phone", from)},
			Content: conversation.Text("a code"), Code: &conversation.Code{Hash: []byte(code)}, MessageHash: fmt.Append(nil, "in", d.count),
		})
	}
	for n := range conversation.UnknownAllowed {
		d.expect(send(fmt.Sprint("phone", n), "guessed"), "CustomerCreated IdentityCreated CodeRefused SendQueued SendRequested")
	}
	flood := send("somebody", "guessed")
	d.expect(flood, "CustomerCreated IdentityCreated ConversationStarted ChannelBound IdentityBound RouteChanged MessageReceived")
	d.expect(send("ana", "code"), "CustomerCreated IdentityCreated LinkMatched IdentityMatched LinkPrompted SendQueued SendRequested")
	d.now = d.now.Add(conversation.UnknownWindow)
	d.expect(send("phone later", "guessed"), "CustomerCreated IdentityCreated CodeRefused SendQueued SendRequested")
}

// More bindings than one commit ends are cut one batch after the other, and nothing
// else happens to them in between.
func TestL12ACutTakesItsTime(t *testing.T) {
	d := newDesk(t)
	const people = 2*conversation.CutBatch + 1
	for n := range people {
		d.give(&conversation.ReceiveMessage{
			IntegrationID: "whatsapp", Sender: []conversation.Address{address("whatsapp", "phone", fmt.Sprint(n))},
			Content: conversation.Text("hello"), MessageHash: fmt.Append(nil, "hello", n),
		})
	}
	d.refuses(&conversation.RemoveIntegration{IntegrationID: "widget"}, ingressv1.Refusal_REFUSAL_INVALID)
	d.refuses(&conversation.RemoveIntegration{IntegrationID: "nowhere"}, ingressv1.Refusal_REFUSAL_NOT_FOUND)
	d.give(&conversation.RemoveIntegration{IntegrationID: "whatsapp"})
	d.refuses(&conversation.ApplySetup{Setup: shop()}, ingressv1.Refusal_REFUSAL_INVALID)
	timer := conversation.Timer{Kind: conversation.TimerCut, Due: d.now, Owner: "whatsapp"}
	ended := 0
	for range 3 {
		for _, e := range d.give(&conversation.FireTimer{Timer: timer}).Events {
			switch e.Body.(type) {
			case *eventv1.ChannelUnbound:
				ended++
			case *eventv1.BindingsCut:
				if ended != people {
					t.Errorf("after %d of %d bindings the cut is over", ended, people)
				}
			}
		}
	}
	if ended != people {
		t.Errorf("%d of %d bindings were cut", ended, people)
	}
	d.expect(d.give(&conversation.FireTimer{Timer: timer}), "")
	d.give(&conversation.ApplySetup{Setup: shop()})
}

// An account keeps an owner, and a login is one agent's.
func TestAnAccountKeepsAnOwner(t *testing.T) {
	d := newDesk(t)
	agents := func(agents ...*ingressv1.AgentSetup) *conversation.ApplySetup {
		return &conversation.ApplySetup{Setup: &ingressv1.ApplySetup{Agents: agents}}
	}
	owner, admin := eventv1.Role_ROLE_OWNER, eventv1.Role_ROLE_ADMIN
	d.expect(d.give(agents(&ingressv1.AgentSetup{Id: "kim", Name: "Kim", Role: owner, Login: "kim@shop.example"})), "AgentAdded")
	d.expect(d.give(agents(&ingressv1.AgentSetup{Id: "kim", Name: "Kim"})), "")
	d.refuses(agents(&ingressv1.AgentSetup{Id: "kim", Name: "Kim", Role: admin}), ingressv1.Refusal_REFUSAL_INVALID)
	d.refuses(&conversation.RemoveAgent{AgentID: "kim"}, ingressv1.Refusal_REFUSAL_INVALID)
	d.refuses(agents(&ingressv1.AgentSetup{Id: "eva", Name: "Eva", Login: "kim@shop.example"}), ingressv1.Refusal_REFUSAL_INVALID)
	d.refuses(agents(&ingressv1.AgentSetup{Id: "eva", Name: "Eva", Login: "Eva"}), ingressv1.Refusal_REFUSAL_INVALID)
	d.give(agents(&ingressv1.AgentSetup{Id: "eva", Name: "Eva", Role: owner}))
	d.give(&conversation.RemoveAgent{AgentID: "kim"})
	d.refuses(&conversation.RemoveAgent{AgentID: "eva"}, ingressv1.Refusal_REFUSAL_INVALID)
	d.give(agents(&ingressv1.AgentSetup{Id: "leo", Name: "Leo", Login: "kim@shop.example"}))
}

// Where the site signs its visitors in, nobody else does anything.
func TestP3SignedVisitorsOnly(t *testing.T) {
	d := newDesk(t)
	setup := shop()
	setup.Widgets[0].SignedVisitorsOnly = true
	d.refuses(&conversation.ApplySetup{Setup: setup}, ingressv1.Refusal_REFUSAL_INVALID)
	setup.Widgets[0].VisitorKeys = []*ingressv1.VisitorKeySetup{{Id: "key"}}
	d.refuses(&conversation.ApplySetup{Setup: setup}, ingressv1.Refusal_REFUSAL_INVALID)
	d.give(&conversation.ApplySetup{Setup: setup, Fingerprints: map[string][]*eventv1.SecretFingerprint{
		"widget/widget": {{Field: "key", Fingerprint: []byte("print")}},
	}})
	ana := conversation.Visitor{WidgetID: "widget", Address: address("widget", "visitor", "ana")}
	const refusal = ingressv1.Refusal_REFUSAL_SIGN_IN_REQUIRED
	d.refuses(&conversation.ReceiveMessage{
		IntegrationID: "widget", Sender: []conversation.Address{ana.Address}, Content: conversation.Text("hello"),
	}, refusal)
	d.refuses(&conversation.MarkRead{Visitor: ana}, refusal)
	d.refuses(&conversation.RequestLink{Visitor: &ana, IntegrationID: "whatsapp", LinkID: "l", CodeHash: []byte("l")}, refusal)
	signed := address("widget", conversation.ExternalID, "a-7")
	d.expect(d.give(&conversation.IdentifyVisitor{Visitor: ana, External: signed}), "IdentityAliasesChanged")
	d.expect(d.give(&conversation.ReceiveMessage{
		IntegrationID: "widget", Sender: []conversation.Address{signed}, Content: conversation.Text("hello"),
	}), "MessageReceived")
	d.refuses(&conversation.IdentifyVisitor{Visitor: ana, External: ana.Address}, ingressv1.Refusal_REFUSAL_INVALID)
}

// An integration is removed while a reply waits in its lane, and its binding is not cut
// yet, when the reply has its turn. It found the same place again, and again: the
// decision never ended.
func TestL12AReplyBeforeItsBindingIsCut(t *testing.T) {
	d := newDesk(t)
	c, first := d.replies()
	reply := func() conversation.Decision {
		return d.give(&conversation.SendReply{
			Agent: conversation.Agent{AgentID: "kim", ConversationID: c}, Content: conversation.Text("and more"),
		})
	}
	reply()
	d.give(&conversation.RemoveIntegration{IntegrationID: "whatsapp"})
	d.expect(d.give(&conversation.ReportOutcome{SendID: first, Attempt: 1, Nonce: "n", Sent: "out", SentHash: []byte("out")}),
		"SendSucceeded MessageSent SendWithdrawn ReplyRerouted MessageSent")
	d.expect(reply(), "ReplyQueued MessageSent")
}
