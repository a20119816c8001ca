package simulator

import (
	"cmp"
	"encoding/json"
)

// Native is what somebody at the business does in the provider's own app
// instead of the API: the page's inbox, Instagram, the WhatsApp Business app.
type Native struct {
	Person string    `json:"person"`
	Text   string    `json:"text"`
	Media  *Attached `json:"media"`
	// Edit and Revoke name a message of the business that is changed to Text, or
	// taken back; WhatsApp tells of both, Instagram of the second.
	Edit   string `json:"edit"`
	Revoke string `json:"revoke"`
	// App is the app id in the echo; the page inbox's own if empty.
	App string `json:"app_id"`
}

// pageInboxApp is the app id of the page's own inbox in echoes.
const pageInboxApp = "26390203743090"

// WriteNative sends a text from the provider's own app; see DoNative.
func (s *Simulator) WriteNative(integration, name, text string) (Message, error) {
	return s.DoNative(integration, Native{Person: name, Text: text})
}

// DoNative does something in the provider's own app. The business is told by an
// echo with another app id, or by smb_message_echoes.
func (s *Simulator) DoNative(integration string, n Native) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.threadOf(n.Person, integration)
	if err != nil {
		return Message{}, err
	}
	if n.Edit != "" || n.Revoke != "" {
		return s.changeNative(t, n)
	}
	if n.Text == "" && n.Media == nil {
		return Message{}, invalid("there is no text to send")
	}
	if err := (Typed{Media: n.Media}).fits(t.in.channel); err != nil {
		return Message{}, err
	}
	var files []*medium
	kind := "text"
	if n.Media != nil {
		files, kind = []*medium{s.taken(t.in, *n.Media)}, string(n.Media.Kind)
	}
	shown := Message{
		ID: s.outboundID(t.in, s.addressOf(t.person, t.in)), From: FromBusiness, Type: kind,
		Text: n.Text, State: stateDelivered, At: s.now(),
	}
	shown.show(files)
	m := s.add(t, shown)
	if t.in.channel == ChannelWhatsApp {
		echo := s.businessApp(t, m, "text")
		if len(files) > 0 {
			kind, content := s.whatsAppMedium(t.in, files[0], Typed{Text: n.Text, Media: n.Media})
			echo.Type, echo.extra = kind, map[string]json.RawMessage{kind: marshal(content)}
		} else {
			echo.Text = &whatsAppText{Body: n.Text}
		}
		s.publishBusinessApp(t, eventEcho, echo)
	} else {
		var attachments json.RawMessage
		if len(files) > 0 {
			attachments = s.wireAttachments(files)
		}
		s.publish(s.echo(t, m, cmp.Or(n.App, pageInboxApp), "", attachments))
	}
	s.touch()
	return *m, nil
}

// changeNative edits or takes back what the business wrote. s.mu is held.
func (s *Simulator) changeNative(t *thread, n Native) (Message, error) {
	m := t.find(cmp.Or(n.Edit, n.Revoke))
	switch {
	case m == nil || m.From != FromBusiness:
		return Message{}, notFound("message %q of the business in this thread", cmp.Or(n.Edit, n.Revoke))
	case t.in.channel == ChannelMessenger || (t.in.channel == ChannelInstagram && n.Edit != ""):
		return Message{}, invalid("%s does not report that", t.in.channel)
	case n.Edit != "" && n.Text == "":
		return Message{}, invalid("a message is edited to a text")
	}
	name, kind := eventEchoEdit, "edit"
	if n.Edit != "" {
		m.Text = n.Text
		m.Edits++
	} else {
		m.Text, m.Deleted = "", true
		name, kind = eventEchoUnsend, "revoke"
	}
	if t.in.channel == ChannelInstagram {
		e := s.echo(t, m, "", "", nil)
		e.name = name
		item := e.body.(messagingItem)
		item.Message.Deleted = true
		s.publish(e)
	} else {
		echo := s.businessApp(t, &Message{ID: s.outboundID(t.in, s.addressOf(t.person, t.in)), At: s.now()}, kind)
		echo.extra = map[string]json.RawMessage{"revoke": revokeOf(m)}
		if n.Edit != "" {
			echo.extra = map[string]json.RawMessage{"edit": s.editOf(t.in, m)}
		}
		s.publishBusinessApp(t, name, echo)
	}
	s.touch()
	return *m, nil
}

// businessApp is an echo of the WhatsApp Business app.
func (s *Simulator) businessApp(t *thread, m *Message, kind string) whatsAppMessage {
	echo := whatsAppMessage{From: t.in.account, ID: m.ID, Timestamp: seconds(m), Type: kind}
	if t.person.WhatsApp.Mode == ModeUsername {
		echo.ToUserID = t.person.WhatsApp.BSUID
	} else {
		echo.To = t.person.WhatsApp.Phone
	}
	return echo
}

func (s *Simulator) publishBusinessApp(t *thread, name string, echo whatsAppMessage) {
	s.publish(whatsAppChangeOf(t.in, name, "smb_message_echoes", whatsAppValue{
		Contacts: []whatsAppContact{contactOf(t.person)}, Echoes: []whatsAppMessage{echo},
	}))
}
