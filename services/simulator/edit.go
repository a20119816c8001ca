package simulator

import "encoding/json"

const maxEdits = 5

// Edit changes the text of a message that the person sent. A number that is
// not used in the WhatsApp Business app learns only that something unsupported
// happened. It returns ErrInvalid after the fifth edit.
func (s *Simulator) Edit(name, integration, message, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, m, err := s.own(name, integration, message)
	switch {
	case err != nil:
		return err
	case text == "" || m.Deleted:
		return invalid("a message is edited to a text, and before it is taken back")
	case m.Edits == maxEdits:
		return invalid("message %q has been edited %d times", message, maxEdits)
	}
	m.Text = text
	m.Edits++
	defer s.touch()
	if t.in.channel != ChannelWhatsApp {
		s.publishItem(t, eventEdit, messagingItem{Edit: &editItem{MID: m.ID, Text: text, Number: m.Edits}})
		return nil
	}
	change := &Message{ID: s.inboundID(t), At: s.now()}
	if !t.in.coexistence {
		s.publish(s.whatsAppEvent(t, eventEdit, s.unsupportedMessage(t, change, "edit")))
		return nil
	}
	w := s.whatsAppMessage(t, change, "edit")
	w.extra = map[string]json.RawMessage{"edit": s.editOf(t.in, m)}
	s.publish(s.whatsAppEvent(t, eventEdit, w))
	return nil
}

// editOf is the content of an edit: the message as it is now.
func (s *Simulator) editOf(in *integration, m *Message) json.RawMessage {
	now := map[string]any{"type": "text", "text": whatsAppText{Body: m.Text}}
	if len(m.Media) > 0 {
		if medium := s.media[m.Media[0].ID]; medium != nil {
			kind, content := s.whatsAppMedium(in, medium, Typed{Text: m.Text})
			now = map[string]any{"type": kind, kind: content}
		}
	}
	return marshal(map[string]any{"original_message_id": m.ID, "message": now})
}

// Unsend takes a message of the person back. A page and a number that is not
// used in the WhatsApp Business app do not learn of it, and get ErrInvalid here.
func (s *Simulator) Unsend(name, integration, message string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, m, err := s.own(name, integration, message)
	switch {
	case err != nil:
		return err
	case t.in.channel == ChannelMessenger || (t.in.channel == ChannelWhatsApp && !t.in.coexistence):
		return invalid("%s does not report that a message was taken back", t.in.channel)
	}
	m.Text, m.Deleted = "", true
	if t.in.channel == ChannelInstagram {
		s.publishItem(t, eventUnsend, messagingItem{Message: &messageItem{MID: m.ID, Deleted: true}})
	} else {
		w := s.whatsAppMessage(t, &Message{ID: s.inboundID(t), At: s.now()}, "revoke")
		w.extra = map[string]json.RawMessage{"revoke": revokeOf(m)}
		s.publish(s.whatsAppEvent(t, eventUnsend, w))
	}
	s.touch()
	return nil
}

func revokeOf(m *Message) json.RawMessage {
	return marshal(map[string]string{"original_message_id": m.ID})
}

// own finds a message that the person sent. s.mu is held.
func (s *Simulator) own(name, integration, message string) (*thread, *Message, error) {
	t, err := s.threadOf(name, integration)
	if err != nil {
		return nil, nil, err
	}
	m := t.find(message)
	if m == nil || m.From != FromPerson {
		return nil, nil, notFound("message %q of this person in this thread", message)
	}
	return t, m, nil
}
