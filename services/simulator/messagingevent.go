package simulator

import "encoding/json"

// messagingItem is one element of messaging[], for Messenger and Instagram.
type messagingItem struct {
	Sender    partyItem     `json:"sender"`
	Recipient partyItem     `json:"recipient"`
	Timestamp int64         `json:"timestamp"`
	Message   *messageItem  `json:"message,omitempty"`
	Postback  *postbackItem `json:"postback,omitempty"`
	Referral  *referralItem `json:"referral,omitempty"`
	Delivery  *deliveryItem `json:"delivery,omitempty"`
	Read      *readItem     `json:"read,omitempty"`
	Reaction  *reactionItem `json:"reaction,omitempty"`
	Edit      *editItem     `json:"message_edit,omitempty"`

	extra    map[string]json.RawMessage
	noSender bool
}

// MarshalJSON adds what the item has beside the usual events.
func (m messagingItem) MarshalJSON() ([]byte, error) {
	if m.noSender {
		fields := map[string]any{"recipient": m.Recipient, "timestamp": m.Timestamp}
		return withExtra(fields, m.extra)
	}
	type plain messagingItem
	return withExtra(plain(m), m.extra)
}

type editItem struct {
	MID    string `json:"mid"`
	Text   string `json:"text"`
	Number int    `json:"num_edit"`
}

type partyItem struct {
	ID string `json:"id"`
}

type messageItem struct {
	Echo        bool            `json:"is_echo,omitempty"`
	Deleted     bool            `json:"is_deleted,omitempty"`
	AppID       json.RawMessage `json:"app_id,omitempty"`
	Metadata    string          `json:"metadata,omitempty"`
	MID         string          `json:"mid"`
	Text        string          `json:"text,omitempty"`
	QuickReply  *payloadItem    `json:"quick_reply,omitempty"`
	Unsupported bool            `json:"is_unsupported,omitempty"`
	ReplyTo     *replyItem      `json:"reply_to,omitempty"`
	Referral    *referralItem   `json:"referral,omitempty"`
	Attachments json.RawMessage `json:"attachments,omitempty"`

	extra map[string]json.RawMessage
}

type payloadItem struct {
	Payload string `json:"payload"`
}

// replyItem names the message, or the story, that a message answers.
type replyItem struct {
	MID   string `json:"mid,omitempty"`
	Story *Story `json:"story,omitempty"`
}

type postbackItem struct {
	MID      string        `json:"mid"`
	Title    string        `json:"title"`
	Payload  string        `json:"payload"`
	Referral *referralItem `json:"referral,omitempty"`
}

type referralItem struct {
	Ref     string          `json:"ref,omitempty"`
	Source  string          `json:"source,omitempty"`
	Type    string          `json:"type,omitempty"`
	AdID    string          `json:"ad_id,omitempty"`
	Context json.RawMessage `json:"ads_context_data,omitempty"`
	Product *productItem    `json:"product,omitempty"`
}

type productItem struct {
	ID string `json:"id"`
}

type deliveryItem struct {
	MIDs      []string `json:"mids"`
	Watermark int64    `json:"watermark"`
}

type readItem struct {
	Watermark int64  `json:"watermark,omitempty"`
	MID       string `json:"mid,omitempty"`
}

type reactionItem struct {
	MID      string `json:"mid"`
	Action   string `json:"action"`
	Reaction string `json:"reaction,omitempty"`
	Emoji    string `json:"emoji,omitempty"`
}

// publishItem publishes what the person of t did.
func (s *Simulator) publishItem(t *thread, name string, item messagingItem) {
	s.publish(s.itemEvent(t, name, item))
}

func (s *Simulator) itemEvent(t *thread, name string, item messagingItem) event {
	item.Sender.ID, item.Recipient.ID = s.addressOf(t.person, t.in), t.in.id
	item.Timestamp = s.now().UnixMilli()
	return event{name: name, in: t.in, field: messagingField(t.in.channel, name), body: item, standby: t.owner != ""}
}

// echo returns the echo of what the business sent as m through app.
func (s *Simulator) echo(t *thread, m *Message, app, metadata string, attachments json.RawMessage) event {
	item := messageItem{Echo: true, MID: m.ID, Text: m.Text, Attachments: attachments}
	if len(attachments) > 0 {
		item.Text = ""
	}
	if t.in.channel == ChannelMessenger {
		item.Metadata, item.AppID = metadata, number(app)
	}
	return event{
		name: eventEcho, in: t.in, field: messagingField(t.in.channel, eventEcho),
		body: messagingItem{
			Sender: partyItem{t.in.id}, Recipient: partyItem{s.addressOf(t.person, t.in)},
			Timestamp: m.At.UnixMilli(), Message: &item,
		},
	}
}

func (s *Simulator) referral(t *thread, ref string) *referralItem {
	if ref == "" {
		return nil
	}
	r := referralItem{Ref: ref, Source: "SHORTLINK", Type: "OPEN_THREAD"}
	if t.in.channel == ChannelInstagram {
		r.Source = "SHORTLINKS"
	}
	return &r
}

// messagingField is the webhook field that an event belongs to.
func messagingField(channel Channel, name string) string {
	switch name {
	case eventPostback:
		return "messaging_postbacks"
	case eventEdit:
		return "message_edit"
	case eventReaction:
		return "message_reactions"
	case eventReferral:
		if channel == ChannelInstagram {
			return "messaging_referral"
		}
		return "messaging_referrals"
	case eventRead:
		if channel == ChannelInstagram {
			return "messaging_seen"
		}
		return "message_reads"
	case eventDelivery:
		return "message_deliveries"
	case eventEcho:
		if channel == ChannelMessenger {
			return "message_echoes"
		}
	}
	return "messages"
}

// number writes an app id as the JSON number that the provider sends, or as a
// string if it is none.
func number(id string) json.RawMessage {
	if id != "" && onlyDigits(id) == id && id[0] != '0' {
		return json.RawMessage(id)
	}
	raw, err := json.Marshal(id)
	if err != nil {
		panic(err) // a string always marshals
	}
	return raw
}
