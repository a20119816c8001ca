package messenger

import (
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/meta"
)

// Reader reads the webhooks of pages. Customers are known by their psid, or by
// a user_ref where a plug-in tells no more. Templates and bookings become
// placeholders with the title that they have. Its error is
// [meta.ErrNoWebhook].
type Reader struct{}

var _ channel.ItemReader = Reader{}

// Read turns the body of a webhook into items.
func (Reader) Read(body []byte) ([]*ingressv1.Item, error) {
	return meta.Messaging{Object: "page", Alias: "psid"}.Read(body)
}

// ReadItem reads one item again.
func (r Reader) ReadItem(item channel.KeptItem) ([]*ingressv1.Item, error) {
	return r.Read(meta.Body("page", item))
}
