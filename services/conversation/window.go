package conversation

import (
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/capability"
)

// window says whether anything may be sent over a binding now, by what the
// customer last did there (R7), and whether only since a person answers and the
// provider allows that to the integration.
func (d *decider) window(b Binding, automated bool) (open, human bool) {
	channel := capability.Of(b.Channel)
	if channel.Window == 0 {
		return true, false
	}
	if b.WroteAt.IsZero() {
		return false, false
	}
	age := d.head.Now.Sub(b.WroteAt)
	if age < channel.Window {
		return true, false
	}
	human = !automated && age < channel.HumanWindow && d.account().Integrations[b.IntegrationID].GetHumanAgent()
	return human, human
}

// acted notes that the customer did something over a binding that opens its
// messaging window. What is older than what is known changes nothing.
func (b *Binding) acted(at time.Time) {
	if at.After(b.WroteAt) {
		b.WroteAt, b.Offered = at, false
	}
}

// offer says that a template may be sent where a window is closed, once for each
// window (R8).
func (c *conversationDraft) offer(passed []*eventv1.PassedOver) {
	for _, p := range passed {
		place := c.binding(p.GetIdentityId())
		if p.GetReason() != eventv1.PassedOverReason_PASSED_OVER_REASON_WINDOW_CLOSED || place < 0 {
			continue
		}
		b := &c.route[place]
		channel := capability.Of(b.Channel)
		if !channel.Template || b.Offered {
			continue
		}
		b.Offered = true
		offered := &eventv1.TemplateOffered{
			ConversationId: c.id, IdentityId: b.IdentityID, IntegrationId: b.IntegrationID, Channel: b.Channel,
		}
		if !b.WroteAt.IsZero() {
			offered.ClosedAt = stamp(b.WroteAt.Add(channel.Window))
		}
		c.d.emit(c.stream(), offered)
	}
}
