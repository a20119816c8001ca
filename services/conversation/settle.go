package conversation

import (
	"cmp"
	"maps"
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// askAfter is how long after an outcome became unknown the agent is asked (M4).
const askAfter = 10 * time.Minute

// SettleOutcome says what became of a reply whose outcome is unknown, by an agent's
// word. Exactly one of the last two is set.
type SettleOutcome struct {
	Header
	Agent     Agent
	MessageID string
	// Arrived says that it did.
	Arrived bool
	// SendAgain says that it did not, and sends it again by the route of now.
	SendAgain bool
}

// askAt returns when the agent is asked what became of a send; zero for what no
// agent wrote.
func (d *decider) askAt(send Send) time.Time {
	if send.Origin.GetMessageId() == "" {
		return time.Time{}
	}
	return d.head.Now.Add(askAfter)
}

// ask puts the question what became of a send.
func (d *decider) ask(i *identityDraft, send Send) {
	conv := d.conversation(send.Origin.GetConversationId())
	m := conv.message(send.Origin.GetMessageId())
	if m == nil || slices.Contains(m.Asked, send.ID) {
		return
	}
	m.Asked = append(slices.Clip(m.Asked), send.ID)
	d.emit(conv.stream(), &eventv1.OutcomeAsked{
		MessageId: m.ID, ConversationId: conv.id, SendId: send.ID, IdentityId: i.id, AskAt: stamp(send.AskAt),
	})
}

// settleOutcome takes an agent's word for what became of a reply.
func (d *decider) settleOutcome(c *SettleOutcome) error {
	conv, err := d.byWhom(nil, &c.Agent, false)
	if err != nil {
		return err
	}
	m := conv.message(c.MessageID)
	switch {
	case m == nil:
		return refuse(notFound, "there is no such reply")
	case c.Arrived == c.SendAgain:
		return refuse(invalid, "the reply arrived, or it is sent again")
	case m.State != MessageUnknown:
		return refuse(invalid, "it is known what became of this reply")
	}
	settled := &eventv1.OutcomeSettled{
		MessageId: m.ID, ConversationId: conv.id, AgentId: c.Agent.AgentID, Arrived: c.Arrived, SentAgain: c.SendAgain,
		Questions: d.questions(m),
	}
	d.answer.ConversationID, d.answer.MessageID, d.answer.RouteVersion = conv.id, m.ID, conv.version
	if c.Arrived {
		d.emit(conv.stream(), settled)
		return nil
	}
	content := d.content(m.Content)
	if content == nil {
		return refuse(invalid, "the words of this reply are gone")
	}
	fresh := *m
	fresh.Tried = nil
	again := search{message: &fresh, content: content}
	if m.Fixed {
		again.named = m.IntegrationID
	}
	to, passed := conv.find(again)
	if to == nil {
		return conv.nowhere(passed)
	}
	i := d.identity(m.IdentityID)
	if i != nil {
		i.take(m.waits)
	}
	d.emit(conv.stream(), settled)
	m.Tried = nil
	d.reroute(conv, m, to)
	if i != nil {
		i.next()
	}
	return nil
}

// questions returns the questions about a reply that were not put yet.
func (d *decider) questions(m *Message) []*eventv1.OutcomeSettled_Question {
	i := d.identity(m.IdentityID)
	if i == nil {
		return nil
	}
	var open []*eventv1.OutcomeSettled_Question
	lost := slices.SortedFunc(maps.Values(i.base.Unresolved), func(a, b Send) int { return cmp.Compare(a.ID, b.ID) })
	for _, send := range slices.Concat(lost, i.lane) {
		if m.waits(send.Origin) && !send.AskAt.IsZero() && !slices.Contains(m.Asked, send.ID) {
			open = append(open, &eventv1.OutcomeSettled_Question{SendId: send.ID, IdentityId: i.id, AskAt: stamp(send.AskAt)})
		}
	}
	return open
}
