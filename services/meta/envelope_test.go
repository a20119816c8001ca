package meta

import (
	"errors"
	"strings"
	"testing"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel/channeltest"
)

// pieces is a reader that makes an Ignored of each piece.
type pieces struct{}

func (pieces) Read(body []byte) ([]*ingressv1.Item, error) {
	return ReadEnvelope(body, "page", func(p Piece) []*ingressv1.Item { return one(Ignored(p.Field, p.Entry, p.Raw)) })
}

func TestReadEnvelopeBounds(t *testing.T) {
	body := func(n int) []byte {
		return []byte(`{"object":"page","entry":[{"id":"1","messaging":[{}` + strings.Repeat(",{}", n-1) + `]}]}`)
	}
	if items, err := (pieces{}).Read(body(MaxItems)); err != nil || len(items) != MaxItems {
		t.Errorf("%d items, %v", len(items), err)
	}
	if _, err := (pieces{}).Read(body(MaxItems + 1)); !errors.Is(err, ErrNoWebhook) {
		t.Errorf("one too many: %v", err)
	}
	deep := []byte(`{"object":"page","entry":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`)
	if _, err := (pieces{}).Read(deep); !errors.Is(err, ErrNoWebhook) {
		t.Errorf("too deep: %v", err)
	}
	nested := []byte(`{"object":"page","entry":[` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `,{"id":"1","messaging":[{}]}]}`)
	items, err := (pieces{}).Read(nested)
	if err != nil || len(items) != 2 || items[0].GetUnreadable() == nil || items[1].GetIgnored() == nil {
		t.Errorf("an entry that is deep: %v, %v", items, err)
	}
}

func FuzzReadEnvelope(f *testing.F) {
	for _, seed := range []string{
		`{"object":"page","entry":[{"id":"1","messaging":[{}],"changes":[{"field":"a","value":{}}],"standby":[{}]}]}`,
		`{"object":"page","entry":{"id":1}}`, `{"entry":[null,1,{"field":"x"}]}`, `[]`, `null`, `{"field":"a","value":null}`,
		`{"object":"page","entry":[{"changes":{},"messaging":[1]}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) { channeltest.FuzzReader(t, pieces{}, body) })
}
