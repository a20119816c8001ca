package simulator

import "encoding/json"

// The names of events, as Fault.Event and Webhooks.Events use them.
const (
	eventMessage         = "message"
	eventUnsend          = "message.unsend"
	eventEdit            = "message.edit"
	eventPostback        = "postback"
	eventReferral        = "referral"
	eventReaction        = "reaction"
	eventSystem          = "system"
	eventEcho            = "echo"
	eventEchoEdit        = "echo.edit"
	eventEchoUnsend      = "echo.unsend"
	eventOther           = "other"
	eventDelivery        = "delivery"
	eventRead            = "read"
	eventStatusSent      = "status.sent"
	eventStatusDelivered = "status.delivered"
	eventStatusRead      = "status.read"
	eventStatusFailed    = "status.failed"
)

var eventNames = []string{
	eventMessage, eventUnsend, eventEdit, eventEchoEdit, eventEchoUnsend, eventOther, eventPostback, eventReferral, eventReaction, eventSystem, eventEcho, eventDelivery, eventRead,
	"status", eventStatusSent, eventStatusDelivered, eventStatusRead, eventStatusFailed,
}

// event is one thing that a business is told.
type event struct {
	name  string
	in    *integration
	field string // what the app has to be subscribed to
	body  any    // a change on WhatsApp, an item of messaging[] elsewhere
	send  int64  // the send that it follows from, 0 if none
	gate  *gate  // what it waits for, nil if nothing
	// late adds to the delay of the event.
	late Duration
	// standby puts an item of Messenger or Instagram into standby[].
	standby bool
}

// publishButtonReply tells a WhatsApp business about a tap.
func (s *Simulator) publishButtonReply(t *thread, m *Message, b Button) {
	w := s.whatsAppMessage(t, m, "interactive")
	w.Context = &whatsAppContext{From: t.in.account, ID: m.ReplyTo}
	if b.Kind == ButtonTemplate {
		w.Type = "button"
		w.extra = map[string]json.RawMessage{"button": marshal(map[string]string{"payload": b.ID, "text": b.Title})}
		s.publish(s.whatsAppEvent(t, eventMessage, w))
		return
	}
	reply := &whatsAppReply{ID: b.ID, Title: b.Title}
	w.Interactive = &whatsAppInteractive{Type: "button_reply", ButtonReply: reply}
	if b.Kind == ButtonRow {
		reply.Description = b.Description
		w.Interactive = &whatsAppInteractive{Type: "list_reply", ListReply: reply}
	}
	s.publish(s.whatsAppEvent(t, eventMessage, w))
}

// publishQuickReply tells a page or an Instagram account about a quick reply.
func (s *Simulator) publishQuickReply(t *thread, m *Message, b Button) {
	s.publishItem(t, eventMessage, messagingItem{Message: &messageItem{
		MID: m.ID, Text: m.Text, QuickReply: &payloadItem{Payload: b.ID},
	}})
}

// publishPostback tells a page or an Instagram account about a tapped button,
// with the ref of the link that led there.
func (s *Simulator) publishPostback(t *thread, m *Message, b Button, ref string) {
	s.publishItem(t, eventPostback, messagingItem{Postback: &postbackItem{
		MID: m.ID, Title: b.Title, Payload: b.ID, Referral: s.referral(t, ref),
	}})
}

// publishReferral tells a page or an Instagram account that a link was opened
// in a thread that exists.
func (s *Simulator) publishReferral(t *thread, ref string) {
	s.publishItem(t, eventReferral, messagingItem{Referral: s.referral(t, ref)})
}

// publishRead tells the business that the person has seen messages: a status
// for each on WhatsApp, a watermark on Messenger, the last mid on Instagram.
func (s *Simulator) publishRead(t *thread, read []*Message) {
	last := read[len(read)-1]
	switch t.in.channel {
	case ChannelWhatsApp:
		for _, m := range read {
			if !m.failed {
				s.publish(s.status(t, m, "read", nil))
			}
		}
	case ChannelMessenger:
		s.publishItem(t, eventRead, messagingItem{Read: &readItem{Watermark: last.At.UnixMilli()}})
	default:
		s.publishItem(t, eventRead, messagingItem{Read: &readItem{MID: last.ID}})
	}
}

// publishReaction tells the business about an emoji that came or went.
func (s *Simulator) publishReaction(t *thread, m *Message, emoji string) {
	if t.in.channel == ChannelWhatsApp {
		w := s.whatsAppMessage(t, &Message{ID: s.inboundID(t), At: s.now()}, "reaction")
		w.Reaction = &whatsAppReaction{MessageID: m.ID, Emoji: emoji}
		s.publish(s.whatsAppEvent(t, eventReaction, w))
		return
	}
	item := reactionItem{MID: m.ID, Action: "unreact"}
	if emoji != "" {
		item = reactionItem{MID: m.ID, Action: "react", Reaction: "other", Emoji: emoji}
	}
	s.publishItem(t, eventReaction, messagingItem{Reaction: &item})
}
