package simulator

import "encoding/json"

// attachmentItem is an attachment in a webhook of Messenger or Instagram. A
// fallback has its title and address on itself.
type attachmentItem struct {
	Type    string     `json:"type"`
	Title   string     `json:"title,omitempty"`
	URL     string     `json:"url,omitempty"`
	Payload *payloadOf `json:"payload,omitempty"`
}

type payloadOf struct {
	URL         string          `json:"url,omitempty"`
	Title       string          `json:"title,omitempty"`
	StickerID   json.RawMessage `json:"sticker_id,omitempty"`
	ID          json.RawMessage `json:"id,omitempty"`
	ReelVideoID json.RawMessage `json:"reel_video_id,omitempty"`
}

// wireKind is the attachment type of a medium.
func wireKind(kind MediaKind) string {
	switch kind {
	case MediaDocument:
		return "file"
	case MediaVoice:
		return "audio"
	}
	return string(kind)
}

// wireAttachments is what webhooks show of files: signed addresses that need no
// token and expire. s.mu is held.
func (s *Simulator) wireAttachments(media []*medium) json.RawMessage {
	var items []attachmentItem
	for _, m := range media {
		items = append(items, attachmentItem{Type: wireKind(m.Kind), Payload: &payloadOf{URL: s.mediaURL(m, scopedURLLife)}})
	}
	return marshal(items)
}

// thumb is the sticker that Messenger's phones have built in.
const thumb = "369239263222822"

// stickerAttachments is a sticker as a page gets it: alone, or with an image of
// it as before September 2026. s.mu is held.
func (s *Simulator) stickerAttachments(in *integration, m *medium) json.RawMessage {
	payload := &payloadOf{URL: s.mediaURL(m, scopedURLLife), StickerID: json.RawMessage(thumb)}
	items := []attachmentItem{{Type: "sticker", Payload: payload}}
	if in.oldStickers {
		items = append([]attachmentItem{{Type: "image", Payload: payload}}, items...)
	}
	return marshal(items)
}

// marshal is for shapes of ours, which always marshal.
func marshal(v any) json.RawMessage {
	raw, err := plainJSON(v)
	if err != nil {
		panic(err)
	}
	return raw
}
