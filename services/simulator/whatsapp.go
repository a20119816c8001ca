package simulator

import (
	"fmt"
	"time"
)

// whatsAppSend is the body of POST {phone_number_id}/messages.
type whatsAppSend struct {
	MessagingProduct string `json:"messaging_product"`
	RecipientType    string `json:"recipient_type"`
	To               string `json:"to"`
	Recipient        string `json:"recipient"`
	Type             string `json:"type"`
	Status           string `json:"status"`
	MessageID        string `json:"message_id"`
	Typing           *struct {
		Type string `json:"type"`
	} `json:"typing_indicator"`
	Text *struct {
		Body string `json:"body"`
	} `json:"text"`
	Interactive *interactive `json:"interactive"`
	Reaction    *struct {
		MessageID string `json:"message_id"`
		Emoji     string `json:"emoji"`
	} `json:"reaction"`
	Image    *mediaSend `json:"image"`
	Video    *mediaSend `json:"video"`
	Audio    *mediaSend `json:"audio"`
	Document *mediaSend `json:"document"`
	Sticker  *mediaSend `json:"sticker"`
	Location *placeSend `json:"location"`
	Contacts []struct {
		Name struct {
			Formatted string `json:"formatted_name"`
		} `json:"name"`
	} `json:"contacts"`
	Template *templateSend `json:"template"`
	Context  *struct {
		MessageID string `json:"message_id"`
	} `json:"context"`
	Opaque string `json:"biz_opaque_callback_data"`
}

// sendWhatsApp answers POST {phone_number_id}/messages. s.mu is held.
func (s *Simulator) sendWhatsApp(c *call, in *integration) reply {
	var q whatsAppSend
	if err := c.decode(&q); err != nil {
		return refuse(whatsAppGraphError(100, "A parameter has the wrong type: "+err.Error()))
	}
	if q.MessagingProduct != "whatsapp" {
		return refuse(whatsAppGraphError(100, "The parameter messaging_product is required."))
	}
	if q.Status != "" {
		return s.markWhatsApp(in, q)
	}
	if e := q.check(c); e != nil {
		return refuse(e)
	}
	template, e := s.approved(in, q.Template)
	if e != nil {
		return refuse(e)
	}
	if template != nil && template.price == "authentication" && q.To == "" {
		return refuse(whatsAppGraphError(131062, "Authentication templates cannot be sent to a BSUID."))
	}
	media, e, unusable := s.sent(c, in, &q)
	if e != nil {
		return refuse(e)
	}
	a := attempt{in: in, recipient: q.to(), key: "opaque:" + q.Opaque, message: q.message(template), fails: unusable}
	a.message.show(media)
	if q.Opaque == "" {
		a.key = fmt.Sprintf("content:%s:%s:%s", a.recipient, q.Type, c.params[q.Type])
	}
	if q.To != "" && a.recipient == in.account {
		return refuse(whatsAppGraphError(131021, "Recipient phone number is the sender's."))
	}
	byPhone := q.To != ""
	a.answer = func(m *Message, noID bool) any { return q.answer(m, byPhone, noID) }
	key := bsuidKey(a.recipient)
	if byPhone {
		key = phoneKey(a.recipient)
	}
	p := s.identities[key]
	if p == nil {
		a.fails = whatsAppGraphError(131026, "Message undeliverable.")
		a.failed = func(m *Message, e *GraphError) event { return s.strayStatus(in, m, a.recipient, e) }
		return s.accept(c, a)
	}
	if e := s.toPerson(&a, p, &q); e != nil {
		return refuse(e)
	}
	return s.accept(c, a)
}

// toPerson completes what is sent to somebody who has the address, and says why it is
// refused, if it is.
func (s *Simulator) toPerson(a *attempt, p *person, q *whatsAppSend) *GraphError {
	a.thread = s.threads[threadKey{p.Name, a.in.id}]
	closed := q.Type != "template" && !s.open(a.thread, window)
	expired := whatsAppGraphError(131047, "Message failed to send because more than 24 hours have passed since the customer last replied to this number.")
	if closed && s.config.Window == WindowSync {
		return expired
	}
	a.thread = s.thread(p, a.in)
	if q.Type == "reaction" {
		target := a.thread.find(q.Reaction.MessageID)
		if target == nil {
			return whatsAppGraphError(131009, fmt.Sprintf("There is no message %q to react to.", q.Reaction.MessageID))
		}
		a.place = func(m *Message) *Message {
			target.BusinessReaction = q.Reaction.Emoji
			return m
		}
	}
	if a.message.ReplyTo != "" && a.thread.find(a.message.ReplyTo) == nil {
		a.message.ReplyTo = "" // the phone shows it without the message that it answers
	}
	if e := s.limitPair(a.thread); e != nil {
		return e
	}
	a.failed = func(m *Message, e *GraphError) event { return s.status(a.thread, m, "failed", e) }
	a.events = func(m *Message) []event {
		if q.Type == "reaction" {
			return []event{s.status(a.thread, m, "sent", nil)}
		}
		return []event{s.status(a.thread, m, "sent", nil), s.status(a.thread, m, "delivered", nil)}
	}
	switch {
	case closed:
		a.fails = expired
	case p.Blocks[a.in.id]:
		a.fails = whatsAppGraphError(131026, "Message undeliverable.")
	}
	return nil
}

// markWhatsApp answers a read mark, with or without a typing indicator.
func (s *Simulator) markWhatsApp(in *integration, q whatsAppSend) reply {
	t := s.messages[q.MessageID]
	if q.Status != "read" || t == nil || t.in.id != in.id {
		return refuse(whatsAppGraphError(131009, fmt.Sprintf("There is no incoming message %q to mark as read.", q.MessageID)))
	}
	if q.Typing != nil && q.Typing.Type != "text" {
		return refuse(whatsAppGraphError(100, "Param typing_indicator['type'] must be text."))
	}
	t.seen(q.MessageID)
	if q.Typing != nil {
		t.typingUntil = s.now().Add(25 * time.Second)
	}
	return success()
}

// seen marks what the person wrote as read, up to the message id; all of it if
// id is empty.
func (t *thread) seen(id string) {
	for _, m := range t.messages {
		if m.From == FromPerson {
			m.State = stateRead
		}
		if id != "" && m.ID == id {
			return
		}
	}
}

// to is the address; a phone number, as digits, wins over a BSUID.
func (q *whatsAppSend) to() string {
	if q.To != "" {
		return onlyDigits(q.To)
	}
	return q.Recipient
}

func (q *whatsAppSend) answer(m *Message, byPhone, noID bool) any {
	contact := map[string]string{"input": q.Recipient, "user_id": q.Recipient}
	if byPhone {
		contact = map[string]string{"input": q.To, "wa_id": q.to()}
	}
	out := map[string]any{"messaging_product": "whatsapp", "contacts": []any{contact}}
	if !noID {
		message := map[string]string{"id": m.ID}
		if q.Type == "template" {
			message["message_status"] = "accepted"
		}
		out["messages"] = []any{message}
	}
	return out
}
