package simulator

import (
	"bytes"
	"encoding/json"
	"time"
)

type entryItem struct {
	ID        string            `json:"id"`
	Time      int64             `json:"time,omitempty"`
	Changes   []json.RawMessage `json:"changes,omitempty"`
	Messaging []json.RawMessage `json:"messaging,omitempty"`
	Standby   []json.RawMessage `json:"standby,omitempty"`
}

// envelope wraps events of one channel in the body of a POST, with one entry
// per run of events of the same account.
func envelope(batch []*item, now time.Time) []byte {
	body := struct {
		Object string       `json:"object"`
		Entry  []*entryItem `json:"entry"`
	}{}
	for _, it := range batch {
		n := len(body.Entry)
		if n == 0 || body.Entry[n-1].ID != it.in.entry {
			body.Entry = append(body.Entry, &entryItem{ID: it.in.entry})
			n++
		}
		entry := body.Entry[n-1]
		switch it.in.channel {
		case ChannelWhatsApp:
			body.Object = "whatsapp_business_account"
			entry.Changes = append(entry.Changes, it.body)
			continue
		case ChannelMessenger:
			body.Object = "page"
		default:
			body.Object = "instagram"
		}
		entry.Time = now.UnixMilli()
		if it.standby {
			entry.Standby = append(entry.Standby, it.body)
			continue
		}
		entry.Messaging = append(entry.Messaging, it.body)
	}
	// The events are escaped already, and the rest is ASCII without slashes.
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		panic(err) // the events were encoded by us
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
