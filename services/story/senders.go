package story

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// senders play the workers that claim sends, and the providers that take them.
type senders struct {
	stopped bool
	// waiting are the sends that were requested while the senders stood still.
	waiting []*eventv1.SendRequested
	// fate is what happens to the next send; empty means that it arrives.
	fate string
	// slow is the answer of a send that has not come yet.
	slow *ingressv1.Item
	// ids leads from a send to the provider's id of it.
	ids map[string]string
	// texts leads from what was said to the send that said it.
	texts map[string]string
}

func (s *senders) sendID(text string) string { return s.texts[text] }

func (s *senders) providerID(t testing.TB, text string) string {
	id := s.ids[s.texts[text]]
	if id == "" {
		t.Fatalf("%q was not sent to anybody", text)
	}
	return id
}

// send does the sends that were requested since the last time, and those that
// follow from their outcomes.
func (p *player) send(t testing.TB) {
	if _, ok := p.stage.(Real); ok {
		p.watch(t)
		return
	}
	for {
		events := p.stage.Events(t, p.sent)
		if len(events) == 0 && (p.senders.stopped || len(p.senders.waiting) == 0) {
			return
		}
		p.sent += len(events)
		for _, event := range events {
			switch body := event.Body.(type) {
			case *eventv1.SendRequested:
				p.senders.waiting = append(p.senders.waiting, body)
			case *eventv1.SendWithdrawn:
				p.senders.forget(body.GetSendId())
			}
		}
		if p.senders.stopped {
			continue
		}
		waiting := p.senders.waiting
		p.senders.waiting = nil
		for _, request := range waiting {
			p.attempt(t, request)
		}
	}
}

// watch learns from the log what real senders have sent.
func (p *player) watch(t testing.TB) {
	events := p.stage.Events(t, p.sent)
	p.sent += len(events)
	for _, event := range events {
		if request, ok := event.Body.(*eventv1.SendRequested); ok {
			p.took(t, request, "")
			// The log has no provider's ids; people know a message by its words.
			for text, sendID := range p.senders.texts {
				if sendID == request.GetSendId() {
					p.senders.ids[sendID] = text
				}
			}
		}
	}
}

func (s *senders) forget(sendID string) {
	for at, request := range s.waiting {
		if request.GetSendId() == sendID {
			s.waiting = append(s.waiting[:at:at], s.waiting[at+1:]...)
			return
		}
	}
}

// attempt claims one send and hands it to the provider.
func (p *player) attempt(t testing.TB, request *eventv1.SendRequested) {
	nonce := fmt.Sprintf("nonce-%s-%d", request.GetSendId(), request.GetAttempt())
	if refused := p.egress(t, &ingressv1.SenderCommand{Command: &ingressv1.SenderCommand_Claim{
		Claim: &ingressv1.ClaimSend{SendId: request.GetSendId(), Attempt: request.GetAttempt(), Nonce: nonce},
	}}); refused != "" {
		// It was decided again instead.
		return
	}
	fate := p.senders.fate
	p.senders.fate = ""
	outcome := &ingressv1.ReportOutcome{
		SendId: request.GetSendId(), Attempt: request.GetAttempt(), Nonce: nonce,
		IntegrationId: request.GetIntegrationId(),
	}
	p.count++
	providerID := fmt.Sprintf("out-%d", p.count)
	switch fate {
	case "is refused":
		outcome.Outcome = &ingressv1.ReportOutcome_Refused{Refused: &eventv1.SendError{Code: 131026, Reason: "undeliverable"}}
	case "never leaves":
		outcome.Outcome = &ingressv1.ReportOutcome_NotSent{NotSent: &ingressv1.NotSent{
			Error: &eventv1.SendError{Reason: "network"},
		}}
	case "shows that the channel fails":
		outcome.Outcome = &ingressv1.ReportOutcome_NotSent{NotSent: &ingressv1.NotSent{Error: badToken, Unhealthy: true}}
	case "has to wait":
		outcome.Outcome = &ingressv1.ReportOutcome_NotSent{NotSent: &ingressv1.NotSent{
			Error: &eventv1.SendError{Code: 131056, Reason: "rate_limited"}, RetryAfter: durationpb.New(time.Minute),
		}}
	case "is lost":
		p.took(t, request, providerID)
		outcome.Outcome = &ingressv1.ReportOutcome_Unknown{Unknown: &eventv1.SendError{Reason: "connection_lost"}}
	default:
		p.took(t, request, providerID)
		outcome.Outcome = &ingressv1.ReportOutcome_ProviderMessageId{ProviderMessageId: providerID}
	}
	command := &ingressv1.SenderCommand{Command: &ingressv1.SenderCommand_Outcome{Outcome: outcome}}
	if fate == "is slow" {
		p.senders.slow = &ingressv1.Item{Kind: &ingressv1.Item_Sender{Sender: command}}
		return
	}
	if refused := p.egress(t, command); refused != "" {
		t.Fatalf("outcome: %s", refused)
	}
}

// took notes that the provider has a message.
func (p *player) took(t testing.TB, request *eventv1.SendRequested, providerID string) {
	p.senders.ids[request.GetSendId()] = providerID
	if p.senders.texts == nil {
		p.senders.texts = map[string]string{}
	}
	for _, event := range p.stage.Events(t, 0) {
		if event.ID == request.GetContentEventId() {
			p.senders.texts[words(contentOf(event.Body))] = request.GetSendId()
		}
	}
}

func (p *player) egress(t testing.TB, command *ingressv1.SenderCommand) string {
	where := p.conversation
	defer func() { p.conversation = where }()
	return p.publish(t, Speaker{"egress", "story"}, &ingressv1.Item{Kind: &ingressv1.Item_Sender{Sender: command}})
}

func (p *player) stopSenders(t testing.TB, m []string) string {
	if real, ok := p.stage.(Real); ok {
		real.Sends(t, m[0])
		return ""
	}
	p.senders.stopped = m[0] == "stop"
	return ""
}

func (p *player) nextSend(t testing.TB, m []string) string {
	if real, ok := p.stage.(Real); ok {
		real.Sends(t, m[0])
		return ""
	}
	p.senders.fate = m[0]
	return ""
}

func (p *player) answerComes(t testing.TB, _ []string) string {
	if real, ok := p.stage.(Real); ok {
		real.Sends(t, "the answer comes")
		return ""
	}
	item := p.senders.slow
	if item == nil {
		t.Fatal("no send waits for an answer")
	}
	p.senders.slow = nil
	return p.publish(t, Speaker{"egress", "story"}, item)
}

func stamp(at time.Time) *timestamppb.Timestamp { return timestamppb.New(at) }

// contentOf returns the content that an event of a conversation carries.
func contentOf(body any) *eventv1.Content {
	switch e := body.(type) {
	case *eventv1.ReplyQueued:
		return e.GetSealed().GetContent()
	case *eventv1.LinkPrompted:
		return e.GetSealed().GetContent()
	case *eventv1.AddressDoubted:
		return e.GetSealed().GetContent()
	case *eventv1.NoticeQueued:
		return e.GetSealed().GetContent()
	case *eventv1.CodeRefused:
		return e.GetSealed().GetAnswer()
	}
	return nil
}

// words returns what a content says.
func words(content *eventv1.Content) string {
	if text, ok := conversation.PlainText(content); ok {
		if len(text) > 200 {
			// Its beginning names it.
			return fmt.Sprintf("%s ... (%d bytes)", strings.Join(strings.Fields(text)[:2], " "), len(text))
		}
		return text
	}
	// Some channels have captions, others a text beside the picture.
	caption, pictured := "", false
	for _, part := range content.GetParts() {
		pictured = pictured || part.GetMedia() != nil
		caption += part.GetMedia().GetCaption() + part.GetText().GetBody()
	}
	if pictured {
		return "[picture] " + caption
	}
	for _, part := range content.GetParts() {
		switch kind := part.GetKind().(type) {
		case *eventv1.Part_Buttons:
			return kind.Buttons.GetBody()
		case *eventv1.Part_Template:
			return "template " + kind.Template.GetName()
		case *eventv1.Part_Location:
			return "place " + kind.Location.GetName()
		case *eventv1.Part_Answer:
			return "[" + kind.Answer.GetTitle() + "]"
		case *eventv1.Part_Text:
			return kind.Text.GetBody()
		}
	}
	return "(nothing)"
}
