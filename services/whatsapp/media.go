package whatsapp

import (
	"context"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/capability"
	"weiche/services/channel"
	"weiche/services/meta"
)

// media returns the type of a message with a file and its object, after the file
// was uploaded; or a text with a link to it.
func (s *Sender) media(ctx context.Context, send *ingressv1.Send, m *eventv1.Media, token channel.Secret) (string, any, error) {
	c := capability.Of(Channel)
	if m.GetAsLink() {
		text, err := s.uploads.LinkText(send.GetAccountId(), m)
		if err != nil {
			return "", nil, err
		}
		return textObject(text, true)
	}
	kind := capability.Kind(m)
	caption := m.GetCaption()
	switch {
	case !c.Takes(m):
		return "", nil, meta.Refuse("unsupported_media")
	case caption != "" && !c.Media[kind].Caption:
		// Nothing may be lost without a word.
		return "", nil, meta.Refuse("unsupported_content")
	case !c.Caption.Holds(caption):
		return "", nil, meta.Refuse("too_long")
	}
	id, err := s.uploads.ID(ctx, s.graph, meta.Upload{
		Channel: Channel, Sender: send.GetProviderAccountId(), Edge: "media", Token: token,
		Account: send.GetAccountId(), Media: m, Attempt: send.GetAttempt(), ID: "id",
		Form: func(mimeType string) meta.Form {
			mimeType = uploadType(mimeType)
			return meta.Form{Fields: [][2]string{{"messaging_product", "whatsapp"}, {"type", mimeType}}, Name: "file", Type: mimeType}
		},
	})
	if err != nil {
		return "", nil, err
	}
	object := map[string]any{"id": id}
	if caption != "" {
		object["caption"] = caption
	}
	switch kind {
	case eventv1.MediaKind_MEDIA_KIND_IMAGE:
		return "image", object, nil
	case eventv1.MediaKind_MEDIA_KIND_VIDEO:
		return "video", object, nil
	case eventv1.MediaKind_MEDIA_KIND_AUDIO:
		return "audio", object, nil
	case eventv1.MediaKind_MEDIA_KIND_VOICE:
		// Anything else is shown as a file of sound.
		if capability.Type(m) == "audio/ogg" {
			object["voice"] = true
		}
		return "audio", object, nil
	case eventv1.MediaKind_MEDIA_KIND_STICKER:
		return "sticker", object, nil
	}
	object["filename"] = meta.FileName(m, "")
	return "document", object, nil
}

// uploadType returns the provider's name for a type of files.
func uploadType(mimeType string) string {
	switch base := capability.Type(&eventv1.Media{MimeType: mimeType}); base {
	case "audio/x-m4a":
		return "audio/mp4"
	case "audio/ogg":
		// It takes no other codec, and asks that this one be named.
		return "audio/ogg; codecs=opus"
	case "text/csv":
		return "text/plain"
	default:
		return base
	}
}
