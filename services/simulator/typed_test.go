package simulator_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weiche/services/simulator"
)

// Everything that a phone can send arrives in the channel's own form.
func TestTypedKinds(t *testing.T) {
	media := func(kind simulator.MediaKind) *simulator.Attached { return &simulator.Attached{Kind: kind} }
	for _, c := range []struct {
		name, channel string
		typed         simulator.Typed
		keys          []string // of the message, beside ids and times
		want          string   // a part of the message, with addresses and ids blanked
	}{
		{"voice", "whatsapp", simulator.Typed{Media: media(simulator.MediaVoice)}, []string{"audio"}, `{"audio":{"id":"","mime_type":"audio/ogg; codecs=opus","sha256":"","url":"","voice":true}}`},
		{"document", "whatsapp", simulator.Typed{Text: "the bill", Media: &simulator.Attached{Kind: simulator.MediaDocument, Name: "bill.pdf"}}, []string{"document"}, `{"document":{"id":"","mime_type":"application/pdf","sha256":"","url":"","caption":"the bill","filename":"bill.pdf"}}`},
		{"sticker", "whatsapp", simulator.Typed{Media: &simulator.Attached{Kind: simulator.MediaSticker, Animated: true}}, []string{"sticker"}, `{"sticker":{"id":"","mime_type":"image/webp","sha256":"","url":"","animated":true}}`},
		{"location", "whatsapp", simulator.Typed{Location: &simulator.Place{Latitude: 52.5, Longitude: 13.25, Name: "Shop"}}, []string{"location"}, `{"location":{"latitude":52.5,"longitude":13.25,"name":"Shop"}}`},
		{"contact", "whatsapp", simulator.Typed{Contacts: []simulator.Card{{Name: "Bea Best", Phone: "+1 555 0100"}}}, []string{"contacts"}, `{"contacts":[{"name":{"formatted_name":"Bea Best","first_name":"Bea","last_name":"Best"},"phones":[{"phone":"+1 555 0100","type":"CELL","wa_id":"15550100"}]}]}`},
		{"order", "whatsapp", simulator.Typed{Order: &simulator.Order{Catalog: "9", Items: []simulator.OrderItem{{Product: "tea", Quantity: 2, Price: 3, Currency: "EUR"}}}}, []string{"order"}, `{"order":{"catalog_id":"9","product_items":[{"product_retailer_id":"tea","quantity":2,"item_price":3,"currency":"EUR"}]}}`},
		{"unsupported", "whatsapp", simulator.Typed{Unsupported: "poll_creation"}, []string{"errors", "unsupported"}, `{"unsupported":{"type":"poll_creation"}}`},
		{"forwarded", "whatsapp", simulator.Typed{Text: "x", Forwarded: true, Product: "tea"}, []string{"context", "text"}, `{"context":{"forwarded":true,"referred_product":{"catalog_id":"1","product_retailer_id":"tea"}}}`},
		{"advertisement", "whatsapp", simulator.Typed{Text: "x", Ad: &simulator.Ad{ID: "77", Click: "clid"}}, []string{"referral", "text"}, ``},
		{"raw", "whatsapp", simulator.Typed{Raw: json.RawMessage(`{"type":"pin","pin":{"message_id":"w"}}`)}, []string{"pin"}, `{"type":"pin","pin":{"message_id":"w"}}`},

		{"sticker", "messenger", simulator.Typed{Media: media(simulator.MediaSticker)}, []string{"attachments"}, `{"attachments":[{"type":"sticker","payload":{"url":"","sticker_id":369239263222822}}]}`},
		{"file", "messenger", simulator.Typed{Text: "see", Media: media(simulator.MediaDocument)}, []string{"attachments", "text"}, `{"text":"see","attachments":[{"type":"file","payload":{"url":""}}]}`},
		{"location", "messenger", simulator.Typed{Location: &simulator.Place{Latitude: 1.5, Longitude: 2.5, Name: "Shop"}}, []string{"attachments"}, `{"attachments":[{"type":"location","title":"Shop","url":"","payload":{"coordinates":{"lat":1.5,"long":2.5}}}]}`},
		{"fallback", "messenger", simulator.Typed{Text: "https://a.example", Share: &simulator.Share{Type: "fallback", URL: "https://a.example", Title: "A"}}, []string{"attachments", "text"}, `{"attachments":[{"type":"fallback","title":"A","url":""}]}`},
		{"advertisement", "messenger", simulator.Typed{Text: "x", Ad: &simulator.Ad{ID: "77", Ref: "r"}}, []string{"referral", "text"}, `{"referral":{"ref":"r","source":"ADS","type":"OPEN_THREAD","ad_id":"77","ads_context_data":{"ad_title":"","photo_url":""}}}`},

		{"voice", "instagram", simulator.Typed{Media: media(simulator.MediaVoice)}, []string{"attachments"}, `{"attachments":[{"type":"audio","payload":{"url":""}}]}`},
		{"story reply", "instagram", simulator.Typed{Text: "nice", Story: &simulator.Story{ID: "5", URL: "https://cdn.example/s"}}, []string{"reply_to", "text"}, `{"reply_to":{"story":{"id":"","url":""}}}`},
		{"story mention", "instagram", simulator.Typed{Share: &simulator.Share{Type: "story_mention", URL: "https://cdn.example/s"}}, []string{"attachments"}, `{"attachments":[{"type":"story_mention","payload":{"url":""}}]}`},
		{"post", "instagram", simulator.Typed{Share: &simulator.Share{Type: "ig_post", URL: "https://cdn.example/p", ID: "18000000000000001"}}, []string{"attachments"}, `{"attachments":[{"type":"ig_post","payload":{"url":"","id":""}}]}`},
		{"heart", "instagram", simulator.Typed{Share: &simulator.Share{Type: "like_heart"}}, []string{"attachments"}, `{"attachments":[{"type":"like_heart"}]}`},
		{"ephemeral", "instagram", simulator.Typed{Ephemeral: true}, []string{"attachments"}, `{"attachments":[{"type":"ephemeral"}]}`},
		{"unsupported", "instagram", simulator.Typed{Unsupported: "gif"}, []string{"is_unsupported"}, `{"is_unsupported":true}`},
		{"product", "instagram", simulator.Typed{Text: "this?", Product: "tea"}, []string{"referral", "text"}, `{"referral":{"product":{"id":""}}}`},
	} {
		t.Run(c.channel+" "+c.name, func(t *testing.T) {
			w := start(t)
			c.typed.Integration = c.channel
			_, err := w.Send("Ana", c.typed)
			must(t, err)
			ev := w.events()[0]
			message, _ := ev["message"].(map[string]any)
			if c.channel == "whatsapp" {
				message = list(ev["messages"])[0].(map[string]any)
			}
			var keys []string
			for _, key := range []string{"attachments", "audio", "contacts", "context", "document", "errors", "image", "is_unsupported", "location", "order", "pin", "referral", "reply_to", "sticker", "text", "unsupported"} {
				if message[key] != nil {
					keys = append(keys, key)
				}
			}
			if diff := cmp.Diff(c.keys, keys); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
			if c.want == "" {
				return
			}
			got := map[string]any{}
			want := decode(t, c.want).(map[string]any)
			for key := range want {
				got[key] = blank(message[key])
			}
			if diff := cmp.Diff(want, blank(got)); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

// blank takes out what differs from run to run.
func blank(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			if key == "url" || key == "id" || key == "sha256" {
				v[key] = ""
			} else {
				v[key] = blank(v[key])
			}
		}
	case []any:
		for i := range v {
			v[i] = blank(v[i])
		}
	}
	return v
}

// Before September 2026 a sticker came as an image too.
func TestOldStickers(t *testing.T) {
	w := start(t, func(c *simulator.Config) { c.Pages[0].OldStickers = true })
	_, err := w.Send("Ana", simulator.Typed{Integration: page, Media: &simulator.Attached{Kind: simulator.MediaSticker}})
	must(t, err)
	attachments := list(w.events()[0]["message"].(map[string]any)["attachments"])
	if len(attachments) != 2 || attachments[0].(map[string]any)["type"] != "image" || attachments[1].(map[string]any)["type"] != "sticker" {
		t.Errorf("attachments %v", attachments)
	}
}

// What a channel's app cannot send is refused.
func TestTypedRefused(t *testing.T) {
	w := start(t)
	for name, typed := range map[string]simulator.Typed{
		"share":    {Integration: number, Share: &simulator.Share{Type: "share"}},
		"contacts": {Integration: page, Contacts: []simulator.Card{{Name: "B"}}},
		"location": {Integration: gram, Location: &simulator.Place{}},
		"story":    {Integration: page, Text: "x", Story: &simulator.Story{}},
		"kind":     {Integration: page, Media: &simulator.Attached{Kind: "smell"}},
		"size":     {Integration: page, Media: &simulator.Attached{Kind: simulator.MediaImage, Size: 1 << 30}},
		"raw":      {Integration: number, Raw: json.RawMessage(`{"text":{}}`)},
		"nothing":  {Integration: number},
	} {
		if _, err := w.Send("Ana", typed); !errors.Is(err, simulator.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An edit is told in the channel's way, five times at most.
func TestEditAndUnsend(t *testing.T) {
	w := start(t, func(c *simulator.Config) {
		second := c.Numbers[0]
		second.ID, second.Display, second.Coexistence = "200000000000002", "15550100098", true
		c.Numbers = append(c.Numbers, second)
	})
	said := w.says(page, "helo")
	for range 5 {
		must(t, w.Edit("Ana", page, said.ID, "hello"))
	}
	if err := w.Edit("Ana", page, said.ID, "again"); !errors.Is(err, simulator.ErrInvalid) {
		t.Errorf("the sixth edit: %v", err)
	}
	events := w.events()
	if diff := cmp.Diff(decode(t, `{"mid":"`+said.ID+`","text":"hello","num_edit":5}`), events[5]["message_edit"]); diff != "" {
		t.Error(diff)
	}
	cloud := w.says(number, "helo")
	must(t, w.Edit("Ana", number, cloud.ID, "hello"))
	edited := list(w.events()[1]["messages"])[0].(map[string]any)
	if edited["type"] != "unsupported" || edited["unsupported"].(map[string]any)["type"] != "edit" {
		t.Errorf("edit on a Cloud API number: %v", edited)
	}
	if err := w.Unsend("Ana", number, cloud.ID); !errors.Is(err, simulator.ErrInvalid) {
		t.Errorf("unsend on a Cloud API number: %v", err)
	}
	both := w.says("200000000000002", "helo")
	must(t, w.Edit("Ana", "200000000000002", both.ID, "hello"))
	must(t, w.Unsend("Ana", "200000000000002", both.ID))
	events = w.events()
	edited = list(events[1]["messages"])[0].(map[string]any)
	if diff := cmp.Diff(decode(t, `{"original_message_id":"`+both.ID+`","message":{"type":"text","text":{"body":"hello"}}}`), edited["edit"]); diff != "" {
		t.Error(diff)
	}
	if got := list(events[2]["messages"])[0].(map[string]any); got["type"] != "revoke" || got["revoke"].(map[string]any)["original_message_id"] != both.ID {
		t.Errorf("revoke %v", got)
	}
	// Instagram may tell that a message was taken back before it tells of it.
	must(t, w.SetFaults(simulator.Fault{Kind: simulator.FaultReorder, Event: "message", Times: 1, Delay: 5e9}))
	gone := w.says(gram, "oops")
	must(t, w.Unsend("Ana", gram, gone.ID))
	events = w.events()
	if len(events) != 2 || events[0]["message"].(map[string]any)["is_deleted"] != true || events[1]["message"].(map[string]any)["text"] != "oops" {
		t.Errorf("unsend before the message: %v", events)
	}
}

// What is done in the provider's own app is told by echoes of another app.
func TestNative(t *testing.T) {
	w := start(t, func(c *simulator.Config) { c.Numbers[0].Coexistence = true })
	m, err := w.DoNative(number, simulator.Native{Person: "Ana", Text: "a picture", Media: &simulator.Attached{Kind: simulator.MediaImage}})
	must(t, err)
	_, err = w.DoNative(number, simulator.Native{Person: "Ana", Text: "the picture", Edit: m.ID})
	must(t, err)
	_, err = w.DoNative(number, simulator.Native{Person: "Ana", Revoke: m.ID})
	must(t, err)
	var types []string
	for _, ev := range w.events() {
		echo := list(ev["message_echoes"])[0].(map[string]any)
		types = append(types, echo["type"].(string))
		if echo["to"] != phone || ev["contacts"] == nil {
			t.Errorf("echo %v", ev)
		}
	}
	if diff := cmp.Diff([]string{"image", "edit", "revoke"}, types); diff != "" {
		t.Error(diff)
	}
	_, err = w.DoNative(page, simulator.Native{Person: "Ana", Text: "from a bot", App: "4242"})
	must(t, err)
	if echo := w.events()[0]["message"].(map[string]any); echo["app_id"] != float64(4242) {
		t.Errorf("echo %v", echo)
	}
	m, err = w.DoNative(gram, simulator.Native{Person: "Ana", Text: "by hand"})
	must(t, err)
	_, err = w.DoNative(gram, simulator.Native{Person: "Ana", Revoke: m.ID})
	must(t, err)
	if echo := w.events()[1]["message"].(map[string]any); echo["is_deleted"] != true || echo["is_echo"] != true {
		t.Errorf("echo %v", echo)
	}
}
