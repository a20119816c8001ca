package whatsapp

import (
	"testing"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel/channeltest"
	"weiche/services/meta"
)

func TestRead(t *testing.T) {
	channeltest.Story(t, "testdata", Reader{}, meta.ErrNoWebhook, func(i *ingressv1.Item) any { return meta.Describe(i) })
}
