package simulator

import "cmp"

// Start is what a person does in a thread that a link has begun.
type Start string

// StartPostback taps Get Started or the first icebreaker, if there is one.
// StartNone only looks: on Instagram the ref then travels with the first typed
// message, on Messenger with a later tap on Get Started.
const (
	StartPostback Start = "postback"
	StartNone     Start = "none"
)

// Visit is the opening of a deep link.
type Visit struct {
	URL string `json:"url"`
	// Send presses send on the text that a wa.me link has typed.
	Send bool `json:"send"`
	// Text is sent instead, if not empty: what the person made of the draft.
	Text string `json:"text"`
	// Start is for a new Messenger or Instagram thread; StartPostback if empty.
	Start Start `json:"start"`
}

// Visited is what the phone shows after a Visit.
type Visited struct {
	Integration string  `json:"integration"`
	Channel     Channel `json:"channel"`
	// New says that the thread had no messages of the person yet.
	New   bool   `json:"new"`
	Draft string `json:"draft,omitempty"`
	// Message is what the visit sent, if anything. A referral into an existing
	// thread is an event without a message.
	Message *Message `json:"message,omitempty"`
	Warning string   `json:"warning,omitempty"`
}

// Open follows a deep link on the person's phone. It returns ErrInvalid for a
// link that no app opens and ErrNotFound for one that leads to nobody.
func (s *Simulator) Open(name string, v Visit) (Visited, error) {
	l, err := parseLink(v.URL)
	if err != nil {
		return Visited{}, err
	}
	start := cmp.Or(v.Start, StartPostback)
	if start != StartPostback && start != StartNone {
		return Visited{}, invalid("start %q is neither postback nor none", start)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.personNamed(name)
	if err != nil {
		return Visited{}, err
	}
	if l, err = s.expand(l); err != nil {
		return Visited{}, err
	}
	in, err := s.leadsTo(l)
	if err != nil {
		return Visited{}, err
	}
	defer s.touch()
	t := s.thread(p, in)
	out := Visited{Integration: in.id, Channel: in.channel, New: !t.started, Warning: l.warning}
	if in.channel == ChannelWhatsApp {
		t.draft = l.text
		if v.Send || v.Text != "" {
			m, err := s.typed(t, Typed{Text: v.Text})
			if err != nil {
				return Visited{}, err
			}
			shown := *m
			out.Message = &shown
		}
		out.Draft = t.draft
		return out, nil
	}
	if t.started {
		if l.ref != "" {
			t.lastInbound = s.now()
			s.publishReferral(t, l.ref)
		}
		return out, nil
	}
	t.ref = l.ref
	if starters := s.starters(in); start == StartPostback && len(starters) > 0 {
		m := s.pressed(t, starters[0])
		out.Message = &m
	}
	return out, nil
}
