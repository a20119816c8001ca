package meta

import (
	"encoding/json"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// Description is an item as people read it, one JSON object.
type Description struct {
	// Kind is inbound, receipt, echo, ignored or quarantined.
	Kind string `json:"kind"`
	// Type says more: for inbound and echoes what was said or done (text, image,
	// reaction, edit, unsend, postback, referral, ...), status for receipts, and
	// the provider's word for what is ignored.
	Type string `json:"type,omitempty"`
	// ProviderMessageID is the provider's id of the message or event, or of the
	// message that it is about where it has none of its own.
	ProviderMessageID string `json:"provider_message_id,omitempty"`
	// Target is the provider's id of the message that it is about.
	Target string `json:"target,omitempty"`
	// Time is RFC 3339 in UTC.
	Time string `json:"time,omitempty"`
	// Sender is the customer's addresses as kind:value.
	Sender []string `json:"sender,omitempty"`
	// Recipient is the same for receipts and echoes.
	Recipient []string `json:"recipient,omitempty"`
	// Profile is what the provider tells about the sender.
	Profile json.RawMessage `json:"profile,omitempty"`
	// IdentityKeyHash is the provider's hash of the sender's identity key.
	IdentityKeyHash string `json:"identity_key_hash,omitempty"`
	// Integration is the provider's id of the channel account.
	Integration string `json:"integration,omitempty"`
	// Content is what was said.
	Content json.RawMessage `json:"content,omitempty"`
	// Event is what was done, where nothing was said.
	Event json.RawMessage `json:"event,omitempty"`
	// State is sent, delivered, read or failed.
	State string `json:"state,omitempty"`
	// Watermark is until when everything was delivered or read.
	Watermark string `json:"watermark,omitempty"`
	// Error is why a message failed.
	Error *DescribedError `json:"error,omitempty"`
	// Reason is why an item is in quarantine.
	Reason string `json:"reason,omitempty"`
	// SendID is our id of a send that the provider gave back.
	SendID string `json:"send_id,omitempty"`
	// App is the provider's id of the app that an echo came from.
	App string `json:"app,omitempty"`
}

// DescribedError is why a message failed.
type DescribedError struct {
	Code    int64  `json:"code,omitempty"`
	Subcode int64  `json:"subcode,omitempty"`
	Reason  string `json:"reason"`
}

// Describe returns an item as people read it.
func Describe(item *ingressv1.Item) Description {
	d := Description{Kind: kindOf(item), Integration: channel.ProviderAccount(item)}
	switch kind := item.GetKind().(type) {
	case *ingressv1.Item_Inbound:
		d.inbound(kind.Inbound)
	case *ingressv1.Item_Receipt:
		r := kind.Receipt
		d.Type = "status"
		d.ProviderMessageID = r.GetProviderMessageId()
		d.Time, d.Watermark = stamp(r.GetAt()), stamp(r.GetWatermark())
		d.Recipient = addresses(r.GetRecipient())
		d.State = stateWord(r.GetState())
		if r.GetError() != nil {
			d.Error = &DescribedError{
				Code: r.GetError().GetCode(), Subcode: r.GetError().GetSubcode(), Reason: r.GetError().GetReason(),
			}
		}
		d.SendID = r.GetSendId()
	case *ingressv1.Item_Echo:
		echo := kind.Echo
		d.ProviderMessageID = echo.GetProviderMessageId()
		d.Time = stamp(echo.GetSentAt())
		d.Recipient = addresses(echo.GetRecipient())
		d.SendID, d.App = echo.GetSendId(), echo.GetProviderAppId()
		switch {
		case echo.GetEdit() != nil:
			d.edit(echo.GetEdit())
		case echo.GetUnsend() != nil:
			d.unsend(echo.GetUnsend())
		default:
			d.Type, d.Content = contentType(echo.GetContent()), encode(echo.GetContent())
		}
		d.ProviderMessageID = or(d.ProviderMessageID, d.Target)
	case *ingressv1.Item_Unreadable:
		d.Reason = kind.Unreadable.GetReason()
		d.Time = stamp(kind.Unreadable.GetSentAt())
		d.Sender = addresses(kind.Unreadable.GetSender())
	case *ingressv1.Item_Ignored:
		d.Type = kind.Ignored.GetWhat()
	}
	return d
}

func (d *Description) inbound(in *ingressv1.Inbound) {
	d.ProviderMessageID = in.GetProviderMessageId()
	d.Time = stamp(in.GetSentAt())
	d.Sender = addresses(in.GetSender())
	d.IdentityKeyHash = in.GetIdentityKeyHash()
	if in.GetProfile() != nil {
		d.Profile = encode(in.GetProfile())
	}
	switch event := in.GetEvent().(type) {
	case *ingressv1.Inbound_Message:
		d.Type, d.Content = contentType(event.Message), encode(event.Message)
	case *ingressv1.Inbound_Reaction:
		d.Type, d.Target, d.Event = "reaction", event.Reaction.GetProviderMessageId(), encodeWhole(event.Reaction)
	case *ingressv1.Inbound_Edit:
		d.edit(event.Edit)
	case *ingressv1.Inbound_Unsend:
		d.unsend(event.Unsend)
	case *ingressv1.Inbound_Referral:
		d.Type, d.Event = "referral", encode(event.Referral)
	case *ingressv1.Inbound_OptIn:
		d.Type, d.Event = "opt_in", encodeWhole(event.OptIn)
	case *ingressv1.Inbound_IdentityChange:
		d.Type, d.Event = "identity_change", encode(event.IdentityChange)
	}
	d.ProviderMessageID = or(d.ProviderMessageID, d.Target)
}

func (d *Description) edit(edit *ingressv1.Edit) {
	d.Type, d.Target, d.Event = "edit", edit.GetProviderMessageId(), encode(edit)
	d.Content = encode(edit.GetContent())
}

func (d *Description) unsend(unsend *ingressv1.Unsend) {
	d.Type, d.Target, d.Event = "unsend", unsend.GetProviderMessageId(), encode(unsend)
}

// contentType returns the word for what the first part of a message is.
func contentType(c *eventv1.Content) string {
	for _, part := range c.GetParts() {
		switch kind := part.GetKind().(type) {
		case *eventv1.Part_Text:
			return "text"
		case *eventv1.Part_Media:
			return mediaWord(kind.Media.GetKind())
		case *eventv1.Part_Location:
			return "location"
		case *eventv1.Part_Contacts:
			return "contacts"
		case *eventv1.Part_Answer:
			return "answer"
		case *eventv1.Part_Postback:
			return "postback"
		case *eventv1.Part_Share:
			return "share"
		case *eventv1.Part_Order:
			return "order"
		}
	}
	return "unsupported"
}

func mediaWord(kind eventv1.MediaKind) string {
	switch kind {
	case eventv1.MediaKind_MEDIA_KIND_IMAGE:
		return "image"
	case eventv1.MediaKind_MEDIA_KIND_VIDEO:
		return "video"
	case eventv1.MediaKind_MEDIA_KIND_AUDIO:
		return "audio"
	case eventv1.MediaKind_MEDIA_KIND_VOICE:
		return "voice"
	case eventv1.MediaKind_MEDIA_KIND_STICKER:
		return "sticker"
	}
	return "document"
}

func stateWord(state eventv1.ReceiptState) string {
	switch state {
	case eventv1.ReceiptState_RECEIPT_STATE_SENT:
		return "sent"
	case eventv1.ReceiptState_RECEIPT_STATE_DELIVERED:
		return "delivered"
	case eventv1.ReceiptState_RECEIPT_STATE_READ:
		return "read"
	case eventv1.ReceiptState_RECEIPT_STATE_FAILED:
		return "failed"
	}
	return ""
}

func addresses(aliases []*eventv1.Alias) []string {
	var all []string
	for _, a := range aliases {
		all = append(all, a.GetKind()+":"+a.GetValue())
	}
	return all
}

func stamp(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().Format(time.RFC3339Nano)
}

// encode returns a message as JSON with the names of its fields.
func encode(m proto.Message) json.RawMessage {
	return encodeWith(m, protojson.MarshalOptions{UseProtoNames: true})
}

// encodeWhole is encode with the fields that are empty, for what says by them that
// something was taken back.
func encodeWhole(m proto.Message) json.RawMessage {
	return encodeWith(m, protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true})
}

func encodeWith(m proto.Message, options protojson.MarshalOptions) json.RawMessage {
	b, err := options.Marshal(m)
	if err != nil {
		return nil
	}
	return b
}
