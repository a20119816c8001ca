package meta

import (
	"bytes"
	"encoding/json"
	"strings"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// entryPlace is where an entry stands in a body.
const entryPlace = "entry[]"

// at puts the place of a piece before the places that its items have within it.
func at(place string, items []*ingressv1.Item) []*ingressv1.Item {
	for _, item := range items {
		if item.Place == "" {
			item.Place = place
			continue
		}
		item.Place = place + "." + item.Place
	}
	return items
}

// Body returns the body of a webhook of an object that has one item and nothing
// else, at the place that it had in the body that it came in. An empty place is
// that of a whole body.
func Body(object string, item channel.KeptItem) []byte {
	if item.Place == "" {
		return item.Raw
	}
	path := strings.Split(item.Place, ".")
	inner := bytes.Clone(item.Raw)
	account := quoted(item.ProviderAccount)
	// Whoever kept the item may have kept anything.
	beside, _ := Parse(item.Beside)
	for at := len(path) - 1; at >= 0; at-- {
		var out bytes.Buffer
		field := func(name string, value []byte) {
			if out.Len() > 0 {
				out.WriteByte(',')
			}
			out.Write(quoted(name))
			out.WriteByte(':')
			out.Write(value)
		}
		// What a reader needs to know beside the item, where it looks for it.
		switch {
		case at == 0:
			field("object", quoted(object))
		case path[at-1] == "value":
			field("metadata", append(append([]byte(`{"phone_number_id":`), account...), '}'))
			for _, m := range beside.Object() {
				field(string(m.Name), m.Value)
			}
		case at == 1:
			field("id", account)
		}
		if path[at] == "value" {
			field("field", quoted("messages"))
		}
		name, list := strings.CutSuffix(path[at], "[]")
		if list {
			inner = append(append([]byte{'['}, inner...), ']')
		}
		field(name, inner)
		inner = append(append([]byte{'{'}, out.Bytes()...), '}')
	}
	return inner
}

// quoted returns a text as JSON.
func quoted(text string) []byte {
	// A string has always a form in JSON.
	out, _ := json.Marshal(text)
	return out
}
