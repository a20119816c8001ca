package instagram

import (
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/meta"
)

// Reader reads the webhooks of Instagram accounts. Customers are known by their
// igsid. Its error is [meta.ErrNoWebhook].
type Reader struct{}

var _ channel.ItemReader = Reader{}

// Read turns the body of a webhook into items.
func (Reader) Read(body []byte) ([]*ingressv1.Item, error) {
	return meta.Messaging{Object: "instagram", Alias: "igsid", Attachment: attachment}.Read(body)
}

// ReadItem reads one item again.
func (r Reader) ReadItem(item channel.KeptItem) ([]*ingressv1.Item, error) {
	return r.Read(meta.Body("instagram", item))
}

// attachment reads what only Instagram has.
func attachment(a meta.Attachment) *eventv1.Part {
	switch a.Type {
	case "media", "story_mention", "story", "ig_story":
		if a.URL == "" && a.Title == "" {
			return meta.UnsupportedPart(a.Type, 0, "nothing is told about it")
		}
		return meta.SharePart(&eventv1.Share{
			Type: a.Type, Title: a.Title, Url: a.URL, ProviderId: a.Payload.Text("id"),
		})
	case "like_heart":
		return meta.MediaPart(&eventv1.Media{
			Kind: eventv1.MediaKind_MEDIA_KIND_STICKER, StickerId: a.Type, ProviderUrl: a.URL,
		})
	case "ephemeral":
		return meta.UnsupportedPart(a.Type, 0, "disappearing media is not passed on")
	}
	return nil
}
