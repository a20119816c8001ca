package simulator

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
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
	Template *struct {
		Name     string `json:"name"`
		Language *struct {
			Code string `json:"code"`
		} `json:"language"`
	} `json:"template"`
	Context *struct {
		MessageID string `json:"message_id"`
	} `json:"context"`
	Opaque string `json:"biz_opaque_callback_data"`
}

var whatsAppTypes = []string{
	"audio", "contacts", "document", "image", "interactive", "location", "reaction", "sticker", "template", "text", "video",
}

const (
	maxText   = 4096
	maxOpaque = 512
)

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
	a := attempt{in: in, recipient: q.to(), key: "opaque:" + q.Opaque, message: q.message()}
	if q.Opaque == "" {
		a.key = fmt.Sprintf("content:%s:%s:%s", a.recipient, q.Type, a.message.Text)
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
	a.thread = s.threads[threadKey{p.Name, in.id}]
	closed := q.Type != "template" && !s.open(a.thread, window)
	expired := whatsAppGraphError(131047, "Message failed to send because more than 24 hours have passed since the customer last replied to this number.")
	if closed && s.config.Window == WindowSync {
		return refuse(expired)
	}
	a.thread = s.thread(p, in)
	a.failed = func(m *Message, e *GraphError) event { return s.status(a.thread, m, "failed", e) }
	a.events = func(m *Message) []event {
		return []event{s.status(a.thread, m, "sent", nil), s.status(a.thread, m, "delivered", nil)}
	}
	if closed {
		a.fails = expired
	}
	return s.accept(c, a)
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

func (q *whatsAppSend) check(c *call) *GraphError {
	param := func(format string, args ...any) *GraphError {
		return whatsAppGraphError(100, fmt.Sprintf(format, args...))
	}
	if q.Type == "" {
		q.Type = "text"
	}
	switch {
	case q.RecipientType != "" && q.RecipientType != "individual":
		return param("Param recipient_type must be one of {INDIVIDUAL} - got %q.", q.RecipientType)
	case q.To == "" && q.Recipient == "":
		return param("The parameter to is required.")
	case q.To != "" && (onlyDigits(q.To) != strings.TrimPrefix(q.To, "+") || len(onlyDigits(q.To)) < 7):
		return param("Param to must be a phone number - got %q.", q.To)
	case !slices.Contains(whatsAppTypes, q.Type):
		return param("Param type must be one of {%s} - got %q.", strings.ToUpper(strings.Join(whatsAppTypes, ", ")), q.Type)
	case !c.has(q.Type):
		return param("The parameter %s is required.", q.Type)
	case utf8.RuneCountInString(q.Opaque) > maxOpaque:
		return param("Param biz_opaque_callback_data must be at most %d characters long.", maxOpaque)
	}
	switch q.Type {
	case "text":
		if q.Text.Body == "" {
			return param("The parameter text['body'] is required.")
		}
		if utf8.RuneCountInString(q.Text.Body) > maxText {
			return param("Param text['body'] must be at most %d characters long.", maxText)
		}
	case "interactive":
		return q.Interactive.check()
	case "reaction":
		if q.Reaction.MessageID == "" {
			return param("The parameter reaction['message_id'] is required.")
		}
	case "template":
		if q.Template.Name == "" || q.Template.Language == nil || q.Template.Language.Code == "" {
			return param("The parameters template['name'] and template['language'] are required.")
		}
	}
	return nil
}

// message is what the phone shows.
func (q *whatsAppSend) message() Message {
	m := Message{Type: q.Type, opaque: q.Opaque, bsuid: q.To == ""}
	if q.Context != nil {
		m.ReplyTo = q.Context.MessageID
	}
	switch q.Type {
	case "text":
		m.Text = q.Text.Body
	case "interactive":
		m.Text, m.Buttons = q.Interactive.Body.Text, q.Interactive.buttons()
	case "reaction":
		m.Text, m.ReplyTo = q.Reaction.Emoji, q.Reaction.MessageID
	case "template":
		m.Text = "[" + q.Template.Name + "]"
	default:
		m.Text = "[" + q.Type + "]"
	}
	return m
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
