package meta

import (
	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// Attachment is one attachment of a message.
type Attachment struct {
	// Type is the provider's word for it.
	Type string
	// URL and Title stand in the payload, or on the attachment itself.
	URL, Title string
	// StickerID is set for stickers, also where the type says image.
	StickerID string
	// Payload is empty where there is none.
	Payload Object
}

// content returns what a message says. It has no parts where it says nothing.
func (g Messaging) content(m Object) *eventv1.Content {
	c := &eventv1.Content{Referral: readReferral(m.Object("referral"))}
	if reply := m.Object("reply_to"); len(reply) > 0 {
		story := reply.Object("story")
		c.ReplyTo = &eventv1.ReplyTo{
			ProviderMessageId: reply.Text("mid"), StoryUrl: story.Text("url"), StoryId: story.Text("id"),
		}
	}
	text := m.Text("text")
	if choice := m.Object("quick_reply"); len(choice) > 0 {
		c.Parts = append(c.Parts, AnswerPart(&eventv1.Answer{
			Kind: eventv1.AnswerKind_ANSWER_KIND_QUICK_REPLY, Payload: choice.Text("payload"), Title: text,
		}))
	} else if text != "" {
		c.Parts = append(c.Parts, TextPart(text))
	}
	for _, a := range readAttachments(m) {
		c.Parts = append(c.Parts, g.part(a))
	}
	if len(c.GetParts()) == 0 && m.Get("is_unsupported").True() {
		c.Parts = append(c.Parts, UnsupportedPart("", 0, "the provider does not pass this message on"))
	}
	return c
}

// orPlaceholder gives content without parts a visible one.
func orPlaceholder(c *eventv1.Content, kind, reason string) *eventv1.Content {
	if len(c.GetParts()) == 0 {
		c.Parts = []*eventv1.Part{UnsupportedPart(kind, 0, reason)}
	}
	return c
}

// readAttachments returns the attachments of a message. A sticker that is sent
// in its old and its new form is returned once.
func readAttachments(m Object) []Attachment {
	var all []Attachment
	list := m.Get("attachments").Array()
	if one := m.Get("attachment"); one.IsObject() && len(list) == 0 {
		list = []Value{one}
	}
	stickers := map[string]bool{}
	for _, v := range list {
		o := v.Object()
		p := o.Object("payload")
		a := Attachment{
			Type:      o.Text("type"),
			URL:       or(p.Text("url"), o.Text("url")),
			Title:     or(p.Text("title"), o.Text("title")),
			StickerID: p.Text("sticker_id"),
			Payload:   p,
		}
		if a.StickerID == "" && (a.Type == "image" && len(list) == 1 || a.Type == "sticker") {
			a.StickerID = m.Text("sticker_id")
		}
		if a.Type == "sticker" {
			stickers[a.URL] = true
		}
		all = append(all, a)
	}
	var kept []Attachment
	seen := map[string]bool{}
	for _, a := range all {
		if a.Type == "image" && a.URL != "" && stickers[a.URL] || a.StickerID != "" && seen[a.StickerID] {
			continue
		}
		seen[a.StickerID] = true
		kept = append(kept, a)
	}
	if len(kept) == 0 && m.Text("sticker_id") != "" {
		kept = append(kept, Attachment{Type: "sticker", StickerID: m.Text("sticker_id")})
	}
	return kept
}

func (g Messaging) part(a Attachment) *eventv1.Part {
	kind := mediaKind(a)
	switch {
	case kind != eventv1.MediaKind_MEDIA_KIND_UNSPECIFIED:
		if a.URL == "" && a.StickerID == "" {
			return UnsupportedPart(a.Type, 0, or(a.Title, "the file has no address"))
		}
		return MediaPart(&eventv1.Media{
			Kind: kind, ProviderUrl: a.URL, FileName: a.fileName(), StickerId: a.StickerID,
			ProviderMediaId: a.Payload.Text("attachment_id"),
		})
	case a.Type == "location":
		at := a.Payload.Object("coordinates")
		part, ok := LocationPart(at.Get("lat"), at.Get("long"), &eventv1.Location{Name: a.Title, Url: a.URL})
		if !ok {
			return UnsupportedPart(a.Type, 0, "no place on earth")
		}
		return part
	case isShare(a.Type):
		id := or(a.Payload.Text("reel_video_id"), or(a.Payload.Text("ig_post_media_id"), a.Payload.Text("id")))
		if a.URL == "" && a.Title == "" && id == "" {
			return UnsupportedPart(a.Type, 0, "nothing is told about it")
		}
		return SharePart(&eventv1.Share{Type: a.Type, Title: a.Title, Url: a.URL, ProviderId: id})
	}
	if g.Attachment != nil {
		if part := g.Attachment(a); part != nil {
			return part
		}
	}
	return UnsupportedPart(a.Type, 0, a.label())
}

func mediaKind(a Attachment) eventv1.MediaKind {
	switch {
	case a.Type == "sticker", a.Type == "image" && a.StickerID != "":
		return eventv1.MediaKind_MEDIA_KIND_STICKER
	case a.Type == "image":
		return eventv1.MediaKind_MEDIA_KIND_IMAGE
	case a.Type == "video":
		return eventv1.MediaKind_MEDIA_KIND_VIDEO
	case a.Type == "audio":
		return eventv1.MediaKind_MEDIA_KIND_AUDIO
	case a.Type == "file":
		return eventv1.MediaKind_MEDIA_KIND_DOCUMENT
	}
	return eventv1.MediaKind_MEDIA_KIND_UNSPECIFIED
}

func isShare(kind string) bool {
	switch kind {
	case "fallback", "share", "post", "reel", "ig_post", "ig_reel":
		return true
	}
	return false
}

// fileName returns the title of a file, which is its name.
func (a Attachment) fileName() string {
	if a.Type == "file" {
		return a.Title
	}
	return ""
}

// label returns the words that an attachment without a form here is known by:
// its own title or that of its first element.
func (a Attachment) label() string {
	if a.Title != "" {
		return a.Title
	}
	for _, p := range []Object{a.Payload.Object("product"), a.Payload.Object("generic"), a.Payload} {
		for _, element := range p.Get("elements").Array() {
			if title := element.Object().Text("title"); title != "" {
				return title
			}
		}
	}
	return ""
}
