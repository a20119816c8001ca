package simulator

import "encoding/json"

// Happening is an event that the simulator has no phone for: opt-ins, account
// linking, handovers, policy enforcement, preferences, and what will come.
type Happening struct {
	Integration string `json:"integration"`
	// Event is the key of the item on Messenger and Instagram ("optin",
	// "pass_thread_control", …), the webhook field on WhatsApp
	// ("user_preferences", "account_update", …).
	Event string `json:"event"`
	// Content is the value under that key, or the fields of the WhatsApp value.
	Content json.RawMessage `json:"content"`
	// Standby puts the item into standby[], as for an app that does not have the
	// thread.
	Standby bool `json:"standby"`
	// NoSender leaves the sender out, as in app_roles.
	NoSender bool `json:"no_sender"`
}

// Happen tells the business about something with this person. It does not touch
// the phone.
func (s *Simulator) Happen(name string, h Happening) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.threadOf(name, h.Integration)
	if err != nil {
		return err
	}
	if h.Event == "" || !json.Valid(h.Content) {
		return invalid("an event needs a name and a content")
	}
	if t.in.channel != ChannelWhatsApp {
		ev := s.itemEvent(t, eventOther, messagingItem{
			noSender: h.NoSender, extra: map[string]json.RawMessage{h.Event: h.Content},
		})
		t.handedOver(h.Event, h.Content)
		ev.standby = h.Standby
		ev.field = fieldOf(h)
		s.publish(ev)
		s.touch()
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(h.Content, &fields) != nil {
		return invalid("the content of a WhatsApp event is an object")
	}
	ev := whatsAppChangeOf(t.in, eventOther, h.Event, whatsAppValue{})
	ev.body = whatsAppChange{Field: h.Event, Value: ev.body.(whatsAppChange).Value, extra: fields}
	s.publish(ev)
	s.touch()
	return nil
}

// fieldOf is the subscription that an event belongs to.
func fieldOf(h Happening) string {
	if h.Standby {
		return "standby"
	}
	switch h.Event {
	case "message":
		return "messages"
	case "optin":
		return "messaging_optins"
	case "account_linking":
		return "messaging_account_linking"
	case "policy_enforcement":
		return "messaging_policy_enforcement"
	case "pass_thread_control", "take_thread_control", "request_thread_control", "app_roles":
		return "messaging_handovers"
	}
	return h.Event
}
