package simulator

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Thread is one conversation on a person's phone.
type Thread struct {
	Integration string  `json:"integration"`
	Channel     Channel `json:"channel"`
	Account     string  `json:"account"` // the number, page or user name at the top
	Address     string  `json:"address"` // what the business knows the person by
	// Draft is the text that a wa.me link has typed and nobody has sent.
	Draft string `json:"draft,omitempty"`
	// Starters are Get Started or the icebreakers; a new thread has them.
	Starters []Button `json:"starters,omitempty"`
	// WindowUntil is when the 24-hour window closes; absent before the person
	// has written.
	WindowUntil *time.Time `json:"window_until,omitempty"`
	Unread      int        `json:"unread"`
	Typing      bool       `json:"typing,omitempty"` // the business shows that it types
	// Total counts all messages, also those that are not kept any more.
	Total    int       `json:"total"`
	Messages []Message `json:"messages"`
}

// Message is a message as the phone shows it.
type Message struct {
	ID       string   `json:"id"` // wamid or mid
	From     Sender   `json:"from"`
	Type     string   `json:"type"` // text, interactive, template, postback, quick_reply, image, …
	Text     string   `json:"text,omitempty"`
	Buttons  []Button `json:"buttons,omitempty"`
	ReplyTo  string   `json:"reply_to,omitempty"`
	State    string   `json:"state,omitempty"` // delivered or read
	Media    []Medium `json:"media,omitempty"`
	Reaction string   `json:"reaction,omitempty"` // of the person
	// BusinessReaction is the emoji that the business put on the message.
	BusinessReaction string          `json:"business_reaction,omitempty"`
	Edits            int             `json:"edits,omitempty"`
	Deleted          bool            `json:"deleted,omitempty"`
	At               time.Time       `json:"at"`
	Body             json.RawMessage `json:"body,omitempty"` // the request that sent it

	// opaque is what a later status repeats; bsuid says that the message was
	// sent to one.
	opaque string
	bsuid  bool
	failed bool
	price  string // the category that WhatsApp bills
}

// Sender is who wrote a message.
type Sender string

// The two sides of a thread.
const (
	FromPerson   Sender = "person"
	FromBusiness Sender = "business"
)

// Button is something to tap.
type Button struct {
	ID    string     `json:"id"` // reply id or payload
	Title string     `json:"title"`
	Kind  ButtonKind `json:"kind"`
	URL   string     `json:"url,omitempty"`
	// Description is the second line of a WhatsApp list row.
	Description string `json:"description,omitempty"`
}

// ButtonKind decides what a tap sends.
type ButtonKind string

// The kinds of buttons.
const (
	ButtonReply      ButtonKind = "reply"       // WhatsApp interactive button
	ButtonRow        ButtonKind = "row"         // WhatsApp list row
	ButtonTemplate   ButtonKind = "button"      // WhatsApp template quick reply
	ButtonPostback   ButtonKind = "postback"    // Messenger and Instagram
	ButtonQuickReply ButtonKind = "quick_reply" // Messenger and Instagram
	ButtonURL        ButtonKind = "url"         // sends nothing
)

type threadKey struct{ person, integration string }

type thread struct {
	person      *person
	in          *integration
	draft       string
	ref         string // of a link that was opened before the thread began
	owner       string // the app that has the thread, if it is another one
	started     bool   // the person has written or tapped
	lastInbound time.Time
	typingUntil time.Time
	total       int
	messages    []*Message
	pair        bucket // of the sends to this person
}

// ThreadQuery selects threads and what to wait for.
type ThreadQuery struct {
	Integration string // id or channel; all threads if empty
	From        Sender // counts only messages of that side; both if empty
	Min         int    // messages that there have to be, over all threads selected
	Text        string // text that one of them has to contain
	After       int64  // revision that the simulator has to have passed
}

// follows tells whether q expects nothing of the threads and waits for
// whatever happens next: that nothing did is an answer.
func (q ThreadQuery) follows() bool { return q.After > 0 && q.Min == 0 && q.Text == "" }

// Threads is what a person sees, at a revision of the simulator that goes up
// with every change.
type Threads struct {
	Revision int64    `json:"revision"`
	Threads  []Thread `json:"threads"`
}

// Threads returns the person's threads as soon as the query is met. When ctx
// ends first it returns them as they are, with ErrTimeout.
func (s *Simulator) Threads(ctx context.Context, name string, q ThreadQuery) (Threads, error) {
	s.mu.Lock()
	_, err := s.personNamed(name)
	s.mu.Unlock()
	if err != nil {
		return Threads{}, err
	}
	err = s.await(ctx, func() bool { return (q.After == 0 || s.rev > q.After) && s.meets(name, q) })
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Threads{Revision: s.rev, Threads: []Thread{}}
	for _, t := range s.selectThreads(name, q.Integration) {
		out.Threads = append(out.Threads, s.show(t))
	}
	return out, err
}

func (s *Simulator) meets(name string, q ThreadQuery) bool {
	count, found := 0, q.Text == ""
	for _, t := range s.selectThreads(name, q.Integration) {
		if q.From == "" && q.Text == "" {
			count += t.total
			continue
		}
		for _, m := range t.messages {
			if q.From == "" || m.From == q.From {
				count++
				found = found || strings.Contains(m.Text, q.Text)
			}
		}
	}
	return count >= q.Min && found
}

func (s *Simulator) selectThreads(name, integration string) []*thread {
	var out []*thread
	for key, t := range s.threads {
		if key.person == name && (integration == "" || key.integration == integration || string(t.in.channel) == integration) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b *thread) int {
		return cmp.Or(cmp.Compare(a.in.channel, b.in.channel), cmp.Compare(a.in.id, b.in.id))
	})
	return out
}

func (s *Simulator) show(t *thread) Thread {
	out := Thread{
		Integration: t.in.id, Channel: t.in.channel, Account: t.in.account,
		Address: s.addressOf(t.person, t.in), Draft: t.draft,
		Typing: s.now().Before(t.typingUntil), Total: t.total, Messages: []Message{},
	}
	if !t.started {
		out.Starters = s.starters(t.in)
	}
	if !t.lastInbound.IsZero() {
		until := t.lastInbound.Add(window)
		out.WindowUntil = &until
	}
	for _, m := range t.messages {
		if m.From == FromBusiness && m.State != stateRead {
			out.Unread++
		}
		out.Messages = append(out.Messages, *m)
	}
	return out
}

// thread returns the thread of p with in and begins one if there is none. s.mu
// is held.
func (s *Simulator) thread(p *person, in *integration) *thread {
	key := threadKey{p.Name, in.id}
	t := s.threads[key]
	if t == nil {
		t = &thread{person: p}
		s.threads[key] = t
	}
	t.in = in // a changed configuration has new ones
	return t
}

// add puts m at the end of t. s.mu is held.
func (s *Simulator) add(t *thread, m Message) *Message {
	kept := &m
	t.messages = append(t.messages, kept)
	t.total++
	s.messages[m.ID] = t
	for len(t.messages) > s.config.Keep.Messages {
		delete(s.messages, t.messages[0].ID)
		t.messages[0] = nil
		t.messages = t.messages[1:]
	}
	if m.From == FromPerson {
		t.started = true
		t.lastInbound = m.At
	} else {
		t.typingUntil = time.Time{}
	}
	return kept
}

// show puts files on a message that the phone is to show.
func (m *Message) show(media []*medium) {
	for _, medium := range media {
		m.Media = append(m.Media, medium.Medium)
		if m.Text == "" {
			m.Text = medium.describe()
		}
	}
}

func (t *thread) find(id string) *Message {
	for _, m := range slices.Backward(t.messages) {
		if m.ID == id {
			return m
		}
	}
	return nil
}

// open reports whether the business may write within d of the person's last
// message.
func (s *Simulator) open(t *thread, d time.Duration) bool {
	if s.config.Window == WindowOff {
		return true
	}
	return t != nil && !t.lastInbound.IsZero() && s.now().Sub(t.lastInbound) < d
}

const (
	window           = 24 * time.Hour
	humanAgentWindow = 7 * 24 * time.Hour

	stateDelivered = "delivered"
	stateRead      = "read"
)
