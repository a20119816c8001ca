package simulator

import "encoding/json"

// MarshalJSON adds what the message has beside the usual fields.
func (m messageItem) MarshalJSON() ([]byte, error) {
	type plain messageItem
	return withExtra(plain(m), m.extra)
}

// scopedTyped is the webhook of a message that a person sends to a page or an
// Instagram account. s.mu is held.
func (s *Simulator) scopedTyped(t *thread, m *Message, typed Typed, media *medium, ref string) event {
	item := messageItem{MID: m.ID, Text: typed.Text, Referral: s.referral(t, ref)}
	if m.ReplyTo != "" {
		item.ReplyTo = &replyItem{MID: m.ReplyTo}
	}
	if typed.Story != nil {
		item.ReplyTo = &replyItem{Story: typed.Story}
	}
	switch {
	case media != nil && media.Kind == MediaSticker && t.in.channel == ChannelMessenger:
		item.Attachments = s.stickerAttachments(t.in, media)
	case media != nil && media.Kind == MediaSticker:
		item.Attachments = marshal([]attachmentItem{{Type: "image", Payload: &payloadOf{URL: s.mediaURL(media, scopedURLLife)}}})
	case media != nil:
		item.Attachments = s.wireAttachments([]*medium{media})
	case typed.Location != nil:
		p := typed.Location
		item.Attachments = marshal([]any{map[string]any{"type": "location", "title": p.Name, "url": p.URL, "payload": map[string]any{
			"coordinates": map[string]float64{"lat": p.Latitude, "long": p.Longitude},
		}}})
	case typed.Share != nil:
		item.Attachments = marshal([]attachmentItem{typed.Share.item()})
	case typed.Ephemeral:
		item.Attachments = marshal([]attachmentItem{{Type: "ephemeral"}})
	case typed.Unsupported != "":
		item.Text, item.Unsupported = "", true
	case len(typed.Raw) > 0:
		_ = json.Unmarshal(typed.Raw, &item.extra) // fits has read it before
	}
	if ad := typed.Ad; ad != nil {
		item.Referral = &referralItem{Ref: ad.Ref, Source: "ADS", Type: "OPEN_THREAD", AdID: ad.ID}
		item.Referral.Context = marshal(map[string]string{"ad_title": ad.Headline, "photo_url": ad.URL})
	}
	if typed.Product != "" {
		item.Referral = &referralItem{Product: &productItem{ID: typed.Product}}
	}
	return s.itemEvent(t, eventMessage, messagingItem{Message: &item})
}

func (h *Share) item() attachmentItem {
	switch h.Type {
	case "fallback":
		return attachmentItem{Type: h.Type, Title: h.Title, URL: h.URL}
	case "like_heart":
		return attachmentItem{Type: h.Type}
	}
	payload := payloadOf{URL: h.URL, Title: h.Title}
	if h.ID != "" {
		payload.ID = number(h.ID)
	}
	if h.Type == "reel" || h.Type == "ig_reel" {
		payload.ID, payload.ReelVideoID = nil, payload.ID
	}
	return attachmentItem{Type: h.Type, Payload: &payload}
}
