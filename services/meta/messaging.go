package meta

import (
	"strings"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// Messaging is the grammar of the items that pages and Instagram accounts get:
// {sender, recipient, timestamp, <one event>}. The two differ in a few words.
type Messaging struct {
	// Object is what the body says that it is about: page or instagram.
	Object string
	// Alias is the kind of address that a customer has: psid or igsid.
	Alias string
	// Attachment, where it is set, reads an attachment that is not common to
	// both. It returns nil for a type that it does not know.
	Attachment func(Attachment) *eventv1.Part
}

// Read turns the body of a webhook into items. It returns ErrNoWebhook for a
// body that is none.
func (g Messaging) Read(body []byte) ([]*ingressv1.Item, error) {
	return ReadEnvelope(body, g.Object, g.readPiece)
}

func (g Messaging) readPiece(p Piece) []*ingressv1.Item {
	switch {
	case p.List == InStandby || p.List == InChanges && p.Field == "standby":
		// The thread belongs to another app, to which the customer speaks. How far
		// messages of ours came is told here too.
		o := p.Value.Object()
		if o.Has("message") || !o.Has("delivery") && !o.Has("read") {
			return one(ignored("standby", p.Entry, p.Raw))
		}
	case p.List == InChanges:
		o := p.Value.Object()
		if !strings.HasPrefix(p.Field, "messag") || !o.Get("sender").IsObject() && !o.Get("recipient").IsObject() {
			return one(ignored(or(p.Field, "change"), p.Entry, p.Raw))
		}
	}
	return g.readItem(p)
}

// handlers is what is done with each event, by its key. Of several in one item
// the first of the table counts.
var handlers = []struct {
	key    string
	handle func(event, Value) []*ingressv1.Item
}{
	{"message", event.message},
	{"postback", event.postback},
	{"reaction", event.reaction},
	{"message_edit", event.edit},
	{"referral", event.referral},
	{"optin", event.optIn},
	{"delivery", event.delivery},
	{"read", event.read},
	{"order", event.order},
	{"messaging_customer_information", event.customerInformation},
}

// known are the keys of events that are of no use to a conversation, which are
// reported under this name however they are spelled.
var known = []string{
	"account_linking", "app_roles", "game_play", "hop_context", "lead", "pass_thread_control", "policy_enforcement",
	"request_thread_control", "response_feedback", "take_thread_control",
}

func (g Messaging) readItem(p Piece) []*ingressv1.Item {
	o := p.Value.Object()
	e := event{grammar: g, object: o, sender: o.Object("sender"), recipient: o.Object("recipient"), raw: p.Raw}
	e.account = p.Entry
	if e.account == "" || e.account == "0" {
		// A test of the provider's dashboard: the account is whom it was sent to.
		e.account = e.recipient.Text("id")
		if o.Object("message").Get("is_echo").True() {
			e.account = e.sender.Text("id")
		}
	}
	at, ok := o.Get("timestamp").Time()
	if !ok {
		return e.unreadable("no readable timestamp")
	}
	e.at = at
	for _, h := range handlers {
		if o.Has(h.key) {
			return h.handle(e, o.Get(h.key))
		}
	}
	for _, key := range known {
		if o.Has(key) {
			return e.ignored(key)
		}
	}
	for _, m := range o {
		if key := string(m.Name); key != "sender" && key != "recipient" && key != "timestamp" {
			return e.ignored(strings.ToValidUTF8(key, ""))
		}
	}
	return e.ignored("empty")
}
