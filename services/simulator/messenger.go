package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// scopedSend is the body of POST {page|instagram|me}/messages.
type scopedSend struct {
	Recipient struct {
		ID string `json:"id"`
	} `json:"recipient"`
	MessagingType string `json:"messaging_type"`
	Tag           string `json:"tag"`
	SenderAction  string `json:"sender_action"`
	Payload       struct {
		MessageID string `json:"message_id"`
		Reaction  string `json:"reaction"`
		Emoji     string `json:"emoji"`
	} `json:"payload"`
	Message *scopedMessage `json:"message"`
	ReplyTo struct {
		MID string `json:"mid"`
	} `json:"reply_to"`
}

type scopedMessage struct {
	Text         string       `json:"text"`
	Metadata     string       `json:"metadata"`
	QuickReplies []quickReply `json:"quick_replies"`
	Attachment   *attachment  `json:"attachment"`
	// Attachments is Instagram's list of images.
	Attachments []attachment `json:"attachments"`
}

type quickReply struct {
	ContentType string `json:"content_type"`
	Title       string `json:"title"`
	Payload     string `json:"payload"`
}

// sendScoped answers POST {page|instagram|me}/messages. What the recipient's id
// is decides between Messenger and Instagram. s.mu is held.
func (s *Simulator) sendScoped(c *call, in *integration) reply {
	var q scopedSend
	if err := c.decode(&q); err != nil {
		return refuse(graphError(100, 0, "(#100) A parameter has the wrong type: "+err.Error()))
	}
	if q.Recipient.ID == "" {
		return refuse(graphError(100, 0, "(#100) The parameter recipient is required."))
	}
	p, in := s.recipient(in, q.Recipient.ID)
	if p == nil {
		if in.channel == ChannelInstagram {
			return refuse(knownError(in.channel, 100, 2534014, 0))
		}
		return refuse(knownError(in.channel, 100, 2018001, 0))
	}
	if q.SenderAction != "" {
		return s.senderAction(q, s.thread(p, in))
	}
	if e := q.check(in.channel); e != nil {
		return refuse(e)
	}
	limit := window
	if q.MessagingType == "MESSAGE_TAG" && in.humanAgent {
		limit = humanAgentWindow
	}
	if !s.open(s.threads[threadKey{p.Name, in.id}], limit) {
		if in.channel == ChannelInstagram {
			return refuse(knownError(in.channel, 10, 2534022, 0))
		}
		return refuse(knownError(in.channel, 10, 2018278, 0))
	}
	t := s.thread(p, in)
	if q.ReplyTo.MID != "" && t.find(q.ReplyTo.MID) == nil {
		return refuse(graphError(100, 0, "(#100) Param reply_to[mid] must be the id of a message in this thread."))
	}
	if t.owner != "" {
		return refuse(knownError(in.channel, 10, 2018300, 0))
	}
	if p.Blocks[in.id] {
		return refuse(blockedError(in.channel))
	}
	media, reusable, e := s.attachedTo(c, in, q.Message)
	if e != nil {
		return refuse(e)
	}
	return s.accept(c, s.scopedAttempt(c, in, t, &q, media, reusable))
}

// attachedTo returns the files of a message, and the id by which the last of them can be
// sent again, if it can.
func (s *Simulator) attachedTo(c *call, in *integration, message *scopedMessage) (media []*medium, reusable string, e *GraphError) {
	for _, given := range message.all() {
		m, e := s.attached(c, in, in.channel, &given)
		if e != nil {
			return nil, "", e
		}
		if m == nil && isMedia(given.Type) {
			return nil, "", graphError(100, 0, "(#100) An attachment needs a url, an attachment_id or filedata.")
		}
		if m != nil {
			media = append(media, m)
			if given.Payload.Reusable {
				reusable = m.ID
			}
		}
	}
	return media, reusable, nil
}

// scopedAttempt is a message that the provider takes: what the phone shows, how it is
// answered, and the webhooks that follow.
func (s *Simulator) scopedAttempt(c *call, in *integration, t *thread, q *scopedSend, media []*medium, reusable string) attempt {
	attachments := q.Message.raw(c)
	a := attempt{in: in, thread: t, recipient: q.Recipient.ID, message: q.message()}
	a.message.show(media)
	a.key = "metadata:" + q.Message.Metadata
	if q.Message.Metadata == "" || in.channel == ChannelInstagram {
		a.key = fmt.Sprintf("content:%s:%s%s", a.recipient, q.Message.Text, attachments)
	}
	a.answer = func(m *Message, noID bool) any {
		out := map[string]string{"recipient_id": q.Recipient.ID}
		if !noID {
			out["message_id"] = m.ID
		}
		if reusable != "" {
			out["attachment_id"] = reusable
		}
		return out
	}
	a.events = func(m *Message) []event {
		shown := attachments
		if len(media) > 0 {
			shown = s.wireAttachments(media)
		}
		events := []event{s.echo(t, m, in.app, q.Message.Metadata, shown)}
		if in.channel == ChannelMessenger {
			events = append(events, s.itemEvent(t, eventDelivery, messagingItem{
				Delivery: &deliveryItem{MIDs: []string{m.ID}, Watermark: m.At.UnixMilli()},
			}))
		}
		return events
	}
	return a
}

// senderAction answers typing, seen and reactions: never with a message id.
func (s *Simulator) senderAction(q scopedSend, t *thread) reply {
	switch q.SenderAction {
	case "typing_on":
		t.typingUntil = s.now().Add(20 * time.Second)
	case "typing_off":
		t.typingUntil = time.Time{}
	case "mark_seen":
		t.seen("")
	case "react", "unreact":
		m := t.find(q.Payload.MessageID)
		if m == nil {
			return refuse(graphError(100, 0, "(#100) Invalid message id"))
		}
		m.BusinessReaction = cmp.Or(q.Payload.Emoji, q.Payload.Reaction)
		if q.SenderAction == "unreact" {
			m.BusinessReaction = ""
		}
	default:
		return refuse(graphError(100, 0, fmt.Sprintf("(#100) Param sender_action must be one of {TYPING_ON, TYPING_OFF, MARK_SEEN, REACT, UNREACT} - got %q.", q.SenderAction)))
	}
	return reply{status: http.StatusOK, body: map[string]string{"recipient_id": q.Recipient.ID}}
}

var messagingTypes = []string{"", "RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY"}

func (q *scopedSend) check(channel Channel) *GraphError {
	param := func(format string, args ...any) *GraphError {
		return graphError(100, 0, "(#100) "+fmt.Sprintf(format, args...))
	}
	m := q.Message
	switch {
	case !slices.Contains(messagingTypes, q.MessagingType):
		return param("Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG, UTILITY} - got %q.", q.MessagingType)
	case q.MessagingType == "MESSAGE_TAG" && q.Tag == "":
		return param("The parameter tag is required.")
	case q.MessagingType == "MESSAGE_TAG" && q.Tag != "HUMAN_AGENT":
		return param("Tag %s is no longer supported", q.Tag)
	case m == nil:
		return param("The parameter message is required.")
	case m.Text == "" && m.Attachment == nil && len(m.Attachments) == 0:
		return param("Message cannot be empty, must provide valid attachment or text")
	case m.Text != "" && (m.Attachment != nil || len(m.Attachments) > 0):
		return param("Message cannot have both text and attachment")
	case !within(m.Metadata, 0, 999):
		return param("Length of param message[metadata] must be less than 1000 characters")
	case len(m.QuickReplies) > 13:
		return param("Param message[quick_replies] must have at most 13 elements.")
	}
	if channel == ChannelInstagram {
		if e := checkInstagramText(m.Text); e != nil {
			return e
		}
	} else if !within(m.Text, 0, 1999) {
		return param("Length of param message[text] must be less than 2000 characters")
	}
	for _, r := range m.QuickReplies {
		if r.ContentType != "text" {
			continue // the person's own phone number or e-mail address
		}
		if !within(r.Title, 1, 20) || !within(r.Payload, 1, 1000) {
			return param("A quick reply needs a title of at most 20 and a payload of at most 1000 characters.")
		}
	}
	if n := len(m.Attachments); n > 10 || (n > 0 && channel == ChannelMessenger && m.Attachment != nil) {
		return param("Param message[attachments] must have at most 10 elements and no attachment beside it.")
	}
	for _, a := range m.all() {
		if e := a.check(); e != nil {
			return e
		}
		if (a.Type == "like_heart" || a.Type == "MEDIA_SHARE") && channel != ChannelInstagram {
			return param("Param message[attachment][type] must be one of {image, audio, video, file, template} - got %q.", a.Type)
		}
		if len(m.Attachments) > 0 && a.Type != "image" {
			return param("Param message[attachments] takes images alone - got %q.", a.Type)
		}
	}
	return nil
}

// all is the attachment or the attachments of the message.
func (m *scopedMessage) all() []attachment {
	if m == nil || m.Attachment == nil {
		if m == nil {
			return nil
		}
		return m.Attachments
	}
	return append([]attachment{*m.Attachment}, m.Attachments...)
}

// isMedia tells the attachments that are files.
func isMedia(kind string) bool {
	return slices.Contains([]string{"image", "audio", "video", "file"}, kind)
}

// blockedError is the answer to a send to somebody who has blocked the business.
func blockedError(channel Channel) *GraphError {
	if channel == ChannelInstagram {
		return knownError(channel, 100, 2534029, 0)
	}
	return knownError(channel, 551, 1545041, 0)
}

// message is what the phone shows.
func (q *scopedSend) message() Message {
	m := Message{Type: "text", Text: q.Message.Text, ReplyTo: q.ReplyTo.MID}
	for _, r := range q.Message.QuickReplies {
		if r.ContentType == "text" {
			m.Buttons = append(m.Buttons, Button{ID: r.Payload, Title: r.Title, Kind: ButtonQuickReply})
		}
	}
	if a := q.Message.Attachment; a != nil {
		m.Type = a.Type
		m.Text, m.Buttons = cmp.Or(a.Payload.text(), "["+a.Type+"]"), append(a.Payload.buttons(), m.Buttons...)
	} else if n := len(q.Message.Attachments); n > 0 {
		m.Type, m.Text = q.Message.Attachments[0].Type, fmt.Sprintf("[%d × %s]", n, q.Message.Attachments[0].Type)
	}
	if isMedia(m.Type) {
		m.Text = "" // the files say what there is to see
	}
	return m
}

// raw is the attachments of the message as they came, nil if there are none.
func (m *scopedMessage) raw(c *call) json.RawMessage {
	var body struct {
		Attachment  json.RawMessage `json:"attachment"`
		Attachments json.RawMessage `json:"attachments"`
	}
	if json.Unmarshal(c.params["message"], &body) != nil {
		return nil
	}
	if len(body.Attachment) > 0 {
		return slices.Concat(json.RawMessage("["), body.Attachment, json.RawMessage("]"))
	}
	return body.Attachments
}
