package simulator

import (
	"encoding/json"
	"slices"
	"time"
)

// Send is one POST to messages that was accepted: the customer has, or would
// have, the message.
type Send struct {
	Number      int64             `json:"number"` // from 1, in the order of acceptance
	At          time.Time         `json:"at"`
	Channel     Channel           `json:"channel"`
	Integration string            `json:"integration"`
	Recipient   string            `json:"recipient"`
	MessageID   string            `json:"message_id"`
	Headers     map[string]string `json:"headers"` // tokens are redacted
	Body        json.RawMessage   `json:"body"`
	// Key is what tells one message from another: opaque:… of WhatsApp's
	// biz_opaque_callback_data, metadata:… of Messenger, otherwise content:… of
	// recipient and content.
	Key string `json:"key"`
	// Count is how many sends with this key and integration were accepted.
	Count int `json:"count"`
	// Fault is what became of the answer, if a fault did.
	Fault FaultKind `json:"fault,omitempty"`
}

// SendReport is the evidence that nothing was sent twice, or that it was.
type SendReport struct {
	// Accepted counts all sends since the last Reset, Duplicates those of them
	// whose key had been accepted before.
	Accepted   int `json:"accepted"`
	Duplicates int `json:"duplicates"`
	Evicted    int `json:"evicted"` // not remembered any more, and not in Sends
	// Limited counts the sends that were refused for Config.Limits.
	Limited int `json:"limited"`
	// Repeated counts the POSTs, accepted or not, of a message whose earlier POST
	// had left open whether it was accepted; RepeatedKeys are the first 100 of
	// their keys. A client that never repeats such a message has 0 here.
	Repeated     int      `json:"repeated"`
	RepeatedKeys []string `json:"repeated_keys,omitempty"`
	Sends        []Send   `json:"sends"`
}

// SendQuery selects sends. A zero field does not filter.
type SendQuery struct {
	Integration, Recipient, Key string
	Duplicates                  bool // only those with a Count over 1
	Limit                       int  // the newest
}

// Sends reports the accepted sends.
func (s *Simulator) Sends(q SendQuery) SendReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.sends
	out := SendReport{
		Accepted: l.accepted, Duplicates: l.duplicates, Evicted: l.sends.evicted, Sends: []Send{},
		Limited: s.limited, Repeated: l.repeated, RepeatedKeys: slices.Clone(l.repeatedKeys),
	}
	for _, kept := range l.sends.values {
		send := *kept
		send.Count = l.counts[countKey{send.Integration, send.Key}].accepted
		if (q.Integration != "" && q.Integration != send.Integration) ||
			(q.Recipient != "" && q.Recipient != send.Recipient) ||
			(q.Key != "" && q.Key != send.Key) || (q.Duplicates && send.Count < 2) {
			continue
		}
		out.Sends = append(out.Sends, send)
	}
	if n := len(out.Sends); q.Limit > 0 && n > q.Limit {
		out.Sends = out.Sends[n-q.Limit:]
	}
	return out
}

// ledger counts accepted sends by key, for as long as one of them is kept.
type ledger struct {
	sends      ring[*Send]
	counts     map[countKey]*sendCount
	accepted   int
	duplicates int

	open         map[countKey]bool // a POST has left open what became of it
	repeated     int
	repeatedKeys []string
}

const maxRepeatedKeys = 100

// posted notes a POST of a message, before it is accepted or not.
func (l *ledger) posted(key countKey, ambiguous bool) {
	if l.open[key] {
		l.repeated++
		if len(l.repeatedKeys) < maxRepeatedKeys {
			l.repeatedKeys = append(l.repeatedKeys, key.key)
		}
	}
	if ambiguous {
		l.open[key] = true
	}
}

type countKey struct{ integration, key string }

type sendCount struct{ accepted, kept int }

func newLedger(keep int) *ledger {
	l := &ledger{counts: map[countKey]*sendCount{}, open: map[countKey]bool{}}
	l.sends = ring[*Send]{max: keep, onEvict: func(s *Send) {
		key := countKey{s.Integration, s.Key}
		if c := l.counts[key]; c != nil {
			if c.kept--; c.kept == 0 {
				delete(l.counts, key)
			}
		}
	}}
	return l
}

func (l *ledger) add(s Send) *Send {
	l.accepted++
	s.Number = int64(l.accepted)
	key := countKey{s.Integration, s.Key}
	c := l.counts[key]
	if c == nil {
		c = &sendCount{}
		l.counts[key] = c
	}
	if c.accepted > 0 {
		l.duplicates++
	}
	c.accepted++
	c.kept++
	l.sends.add(&s)
	return &s
}
