package simulator

import (
	"cmp"
	"encoding/json"
	"maps"
	"strings"
)

// MarshalJSON adds what the message has beside the fields of its type.
func (w whatsAppMessage) MarshalJSON() ([]byte, error) {
	type plain whatsAppMessage
	return withExtra(plain(w), w.extra)
}

// withExtra writes v, an object, with more fields.
func withExtra(v any, extra map[string]json.RawMessage) ([]byte, error) {
	raw, err := plainJSON(v)
	if err != nil || len(extra) == 0 {
		return raw, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, err
	}
	maps.Copy(all, extra)
	return plainJSON(all)
}

// whatsAppTyped is the webhook of a message that a person sends. s.mu is held.
func (s *Simulator) whatsAppTyped(t *thread, m *Message, typed Typed, media *medium) event {
	w := s.whatsAppMessage(t, m, "text")
	w.extra = map[string]json.RawMessage{}
	is := func(kind string, content any) {
		w.Type = kind
		w.extra[kind] = marshal(content)
	}
	switch {
	case media != nil:
		is(s.whatsAppMedium(t.in, media, typed))
	case typed.Location != nil:
		is("location", typed.Location)
	case len(typed.Contacts) > 0:
		is("contacts", cards(typed.Contacts))
	case typed.Order != nil:
		is("order", typed.Order)
	case typed.Unsupported != "":
		w = s.unsupportedMessage(t, m, typed.Unsupported)
	case len(typed.Raw) > 0:
		_ = json.Unmarshal(typed.Raw, &w.extra) // fits has read it before
		_ = json.Unmarshal(w.extra["type"], &w.Type)
	default:
		w.Text = &whatsAppText{Body: m.Text}
	}
	w.Context = s.contextOf(t, m, typed)
	if ad := typed.Ad; ad != nil {
		w.extra["referral"] = marshal(map[string]any{
			"source_url": cmp.Or(ad.URL, "https://fb.me/simulated"), "source_id": ad.ID, "source_type": "ad",
			"headline": ad.Headline, "body": ad.Body, "media_type": "image", "ctwa_clid": ad.Click,
		})
	}
	return s.whatsAppEvent(t, eventMessage, w)
}

func (s *Simulator) contextOf(t *thread, m *Message, typed Typed) *whatsAppContext {
	c := whatsAppContext{Forwarded: typed.Forwarded, Frequently: typed.Frequently}
	if m.ReplyTo != "" {
		c.From, c.ID = s.authorOf(t, m.ReplyTo), m.ReplyTo
	}
	if typed.Product != "" {
		c.Product = &whatsAppProduct{Catalog: "1", Product: typed.Product}
	}
	if c == (whatsAppContext{}) {
		return nil
	}
	return &c
}

// whatsAppMedium is a file as a WhatsApp webhook has it, with its type.
func (s *Simulator) whatsAppMedium(in *integration, m *medium, typed Typed) (string, map[string]any) {
	kind := string(m.Kind)
	out := map[string]any{"id": m.ID, "mime_type": m.MIME, "sha256": m.wireHash()}
	if !in.noMediaURL {
		out["url"] = s.mediaURL(m, mediaURLLife)
	}
	if typed.Text != "" {
		out["caption"] = typed.Text
	}
	switch m.Kind {
	case MediaVoice:
		kind, out["voice"] = "audio", true
	case MediaAudio:
		out["voice"] = false
	case MediaSticker:
		out["animated"] = typed.Media != nil && typed.Media.Animated
	case MediaDocument:
		out["filename"] = cmp.Or(m.Name, "document.pdf")
	}
	return kind, out
}

func cards(given []Card) []any {
	var out []any
	for _, c := range given {
		first, last, _ := strings.Cut(c.Name, " ")
		name := map[string]string{"formatted_name": c.Name, "first_name": first}
		if last != "" {
			name["last_name"] = last
		}
		card := map[string]any{"name": name}
		if c.Phone != "" {
			card["phones"] = []any{map[string]string{"phone": c.Phone, "wa_id": onlyDigits(c.Phone), "type": "CELL"}}
		}
		if c.Email != "" {
			card["emails"] = []any{map[string]string{"email": c.Email, "type": "WORK"}}
		}
		out = append(out, card)
	}
	return out
}

// unsupportedMessage is what a business gets instead of a message that the API
// has no form for.
func (s *Simulator) unsupportedMessage(t *thread, m *Message, subtype string) whatsAppMessage {
	w := s.whatsAppMessage(t, m, "unsupported")
	e := whatsAppError{
		Code: 131051, Title: "Message type unknown", Message: "Message type unknown",
		ErrorData: ErrorData{Details: "Message type is currently not supported."},
	}
	if subtype == "unavailable" {
		subtype = "media_placeholder"
		e.Code, e.Title, e.Message = 131060, "This message is currently unavailable.", "This message is currently unavailable."
		e.ErrorData.Details = "The message is currently unavailable."
	}
	w.extra = map[string]json.RawMessage{
		"errors":      marshal([]whatsAppError{e}),
		"unsupported": marshal(map[string]string{"type": subtype}),
	}
	return w
}
