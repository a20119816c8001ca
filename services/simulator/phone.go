package simulator

import "slices"

// Press is a tap on a button.
type Press struct {
	Integration string `json:"integration"`
	// Message is the id of the message that has the button; the newest one
	// that has it, or the thread's starters, if empty.
	Message string `json:"message"`
	// Button is the button's id, payload or title.
	Button string `json:"button"`
}

// Tap presses a button and returns what the phone shows for it. It returns
// ErrNotFound if there is no such button in the thread.
func (s *Simulator) Tap(name string, press Press) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.threadOf(name, press.Integration)
	if err != nil {
		return Message{}, err
	}
	is := func(b Button) bool { return b.ID == press.Button || b.Title == press.Button }
	for _, m := range slices.Backward(t.messages) {
		if press.Message != "" && m.ID != press.Message {
			continue
		}
		i := slices.IndexFunc(m.Buttons, is)
		if i < 0 {
			continue
		}
		b := m.Buttons[i]
		if b.Kind == ButtonURL {
			return Message{}, invalid("button %q opens %s and sends nothing", b.Title, b.URL)
		}
		defer s.touch()
		if t.in.channel == ChannelWhatsApp || b.Kind == ButtonQuickReply {
			return s.replied(t, m, b), nil
		}
		return s.pressed(t, b), nil
	}
	if starters := s.starters(t.in); !t.started && press.Message == "" {
		if i := slices.IndexFunc(starters, is); i >= 0 {
			defer s.touch()
			return s.pressed(t, starters[i]), nil
		}
	}
	return Message{}, notFound("button %q in this thread", press.Button)
}

// replied answers a message with one of its buttons.
func (s *Simulator) replied(t *thread, to *Message, b Button) Message {
	m := Message{ID: s.inboundID(t), From: FromPerson, Type: string(b.Kind), Text: b.Title, State: stateDelivered, At: s.now()}
	if t.in.channel == ChannelWhatsApp {
		m.ReplyTo = to.ID
	}
	kept := s.add(t, m)
	if t.in.channel == ChannelWhatsApp {
		s.publishButtonReply(t, kept, b)
	} else {
		s.publishQuickReply(t, kept, b)
	}
	return *kept
}

// pressed taps a postback button, with the ref of the link that opened the
// thread.
func (s *Simulator) pressed(t *thread, b Button) Message {
	m := s.add(t, Message{ID: s.inboundID(t), From: FromPerson, Type: string(ButtonPostback), Text: b.Title, State: stateDelivered, At: s.now()})
	ref := t.ref
	t.ref = ""
	s.publishPostback(t, m, b, ref)
	return *m
}

// Read opens the thread: everything that the business wrote is read, and the
// business is told. It returns how many messages that were.
func (s *Simulator) Read(name, integration string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.threadOf(name, integration)
	if err != nil {
		return 0, err
	}
	var read []*Message
	for _, m := range t.messages {
		if m.From == FromBusiness && m.State != stateRead {
			m.State = stateRead
			read = append(read, m)
		}
	}
	if len(read) > 0 {
		s.publishRead(t, read)
		s.touch()
	}
	return len(read), nil
}

// React puts an emoji on a message of the thread, or takes it away if emoji is
// empty.
func (s *Simulator) React(name, integration, message, emoji string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.threadOf(name, integration)
	if err != nil {
		return err
	}
	m := t.find(message)
	if m == nil {
		return notFound("message %q in this thread", message)
	}
	m.Reaction = emoji
	t.started, t.lastInbound = true, s.now()
	s.publishReaction(t, m, emoji)
	s.touch()
	return nil
}

func (s *Simulator) personNamed(name string) (*person, error) {
	p := s.people[name]
	if p == nil {
		return nil, notFound("person %q", name)
	}
	return p, nil
}

func (s *Simulator) threadOf(name, integration string) (*thread, error) {
	p, err := s.personNamed(name)
	if err != nil {
		return nil, err
	}
	in, err := s.findIntegration(integration)
	if err != nil {
		return nil, err
	}
	return s.thread(p, in), nil
}

func (s *Simulator) inboundID(t *thread) string {
	if t.in.channel == ChannelWhatsApp {
		return s.ids.wamid(s.addressOf(t.person, t.in), true)
	}
	return s.ids.mid(t.in.channel)
}
