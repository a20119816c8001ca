package simulator_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weiche/services/simulator"
)

func orderUpdate(c *simulator.Config) {
	body := []simulator.TemplateComponent{
		{Type: "BODY", Text: "Hello {{1}}, your order {{2}} is on its way."},
		{Type: "BUTTONS", Buttons: []simulator.TemplateButton{{Type: "QUICK_REPLY", Text: "Thanks"}}},
	}
	for _, t := range []simulator.Template{
		{Name: "order_update", Components: body},
		{Name: "order_update", Language: "de", Components: body},
		{Name: "code", Category: "AUTHENTICATION", Components: []simulator.TemplateComponent{{Type: "BODY", Text: "Your code is 1."}}},
		{Name: "paused", Status: "PAUSED", Components: body},
		{Name: "pending", Status: "PENDING", Components: body},
		{Name: "receipt", Components: []simulator.TemplateComponent{{Type: "HEADER", Format: "DOCUMENT"}, {Type: "BODY", Text: "For {{name}}."}}},
		{Name: "elsewhere", WABA: "2999", Components: body},
	} {
		if t.WABA == "" {
			t.WABA = "2000"
		}
		c.Templates = append(c.Templates, t)
	}
}

// Templates are listed by pages, and sent only as they were approved.
func TestTemplates(t *testing.T) {
	w := start(t, orderUpdate)
	_, out := w.graph("GET", "/v26.0/2000/message_templates?limit=4&fields=name,status,language", "wa-token", "")
	first := list(out["data"])
	if len(first) != 4 || first[0].(map[string]any)["components"] != nil || first[1].(map[string]any)["name"] != "order_update" {
		t.Fatalf("first page %v", out)
	}
	paging := out["paging"].(map[string]any)
	_, out = w.graph("GET", "/v26.0/2000/message_templates?limit=5&after="+paging["cursors"].(map[string]any)["after"].(string), "wa-token", "")
	if got := list(out["data"]); len(got) != 3 || out["paging"].(map[string]any)["next"] != nil || paging["next"] == nil {
		t.Errorf("second page %v", out)
	}
	_, out = w.graph("GET", "/v26.0/2000/message_templates?language=de&status=APPROVED", "wa-token", "")
	if got := list(out["data"]); len(got) != 1 || got[0].(map[string]any)["components"] == nil {
		t.Errorf("by language %v", out)
	}
	if status, _ := w.graph("GET", "/v26.0/2999/message_templates", "wa-token", ""); status == http.StatusOK {
		t.Error("the templates of another account")
	}
	send := func(template string) (int, map[string]any) {
		return w.graph("POST", "/v26.0/"+number+"/messages", "wa-token", `{"messaging_product":"whatsapp","to":"+`+phone+`","type":"template","template":`+template+`}`)
	}
	two := `"components":[{"type":"body","parameters":[{"type":"text","text":"Ana"},{"type":"text","text":"17"}]},{"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"THX"}]}]`
	for template, code := range map[string]float64{
		`{"name":"nothing","language":{"code":"en"}}`:                                                                                                  132001,
		`{"name":"order_update","language":{"code":"fr"}}`:                                                                                             132001,
		`{"name":"elsewhere","language":{"code":"en"},` + two + `}`:                                                                                    132001,
		`{"name":"pending","language":{"code":"en"},` + two + `}`:                                                                                      132001,
		`{"name":"paused","language":{"code":"en"},` + two + `}`:                                                                                       132015,
		`{"name":"order_update","language":{"code":"en"}}`:                                                                                             132000,
		`{"name":"order_update","language":{"code":"en"},"components":[{"type":"body","parameters":[{"type":"text","text":"a"}]}]}`:                    132000,
		`{"name":"receipt","language":{"code":"en"},"components":[{"type":"body","parameters":[{"type":"text","parameter_name":"name","text":"A"}]}]}`: 132012,
	} {
		if status, out := send(template); status == http.StatusOK || out["error"].(map[string]any)["code"] != code {
			t.Errorf("%s: %v", template, out)
		}
	}
	if status, out := send(`{"name":"order_update","language":{"code":"en"},` + two + `}`); status != http.StatusOK {
		t.Fatal(out)
	}
	if status, out := w.graph("POST", "/v26.0/"+number+"/messages", "wa-token", `{"messaging_product":"whatsapp","recipient":"`+bsuid+`","type":"template","template":{"name":"code","language":{"code":"en"}}}`); status == http.StatusOK || code(out) != 131062 {
		t.Errorf("a code to a BSUID: %v", out)
	}
	id := w.uploadPicture()
	if status, out := send(`{"name":"receipt","language":{"code":"en"},"components":[{"type":"header","parameters":[{"type":"document","document":{"id":"` + id + `"}}]},
		{"type":"body","parameters":[{"type":"text","parameter_name":"name","text":"Ana"}]}]}`); status != http.StatusOK {
		t.Fatal(out)
	}
	if diff := cmp.Diff([]string{"Hello Ana, your order 17 is on its way."}, w.texts(number)); diff != "" {
		t.Error(diff) // a picture is no document: that template failed
	}
	w.events()
	_, err := w.Tap("Ana", simulator.Press{Integration: number, Button: "Thanks"})
	must(t, err)
	if got := list(w.events()[0]["messages"])[0].(map[string]any); got["type"] != "button" || got["button"].(map[string]any)["payload"] != "THX" {
		t.Errorf("tap %v", got)
	}
}

// What a business does beside messages is on the phone: reactions, typing,
// reading, replies.
func TestPhoneShowsTheRest(t *testing.T) {
	w := start(t)
	for _, c := range []struct{ channel, id, token, path string }{
		{"whatsapp", phone, "wa-token", "/v26.0/" + number + "/messages"},
		{"messenger", psid, "page-token", "/v26.0/" + page + "/messages"},
		{"instagram", igsid, "ig-token", "/v26.0/me/messages"},
	} {
		said := w.says(c.channel, "hi")
		post := func(body string) {
			t.Helper()
			if status, out := w.graph("POST", c.path, c.token, body); status != http.StatusOK {
				t.Fatalf("%s %s: %v", c.channel, body, out)
			}
		}
		shown := func() simulator.Thread {
			t.Helper()
			threads, err := w.Threads(w.ctx, "Ana", simulator.ThreadQuery{Integration: c.channel})
			must(t, err)
			return threads.Threads[0]
		}
		scoped := `{"recipient":{"id":"` + c.id + `"},`
		to := `{"messaging_product":"whatsapp","to":"+` + c.id + `",`
		whatsApp := c.channel == "whatsapp"
		if whatsApp {
			post(`{"messaging_product":"whatsapp","status":"read","message_id":"` + said.ID + `","typing_indicator":{"type":"text"}}`)
		} else {
			post(scoped + `"sender_action":"mark_seen"}`)
			post(scoped + `"sender_action":"typing_on"}`)
		}
		if got := shown(); !got.Typing || got.Messages[0].State != "read" {
			t.Errorf("%s: typing and reading %+v", c.channel, got)
		}
		must(t, second(w.Advance(26*time.Second)))
		if shown().Typing {
			t.Errorf("%s: typing does not end", c.channel)
		}
		if whatsApp {
			post(to + `"type":"reaction","reaction":{"message_id":"` + said.ID + `","emoji":"👍"}}`)
			post(to + `"type":"text","text":{"body":"yes"},"context":{"message_id":"` + said.ID + `"}}`)
		} else {
			post(scoped + `"sender_action":"react","payload":{"message_id":"` + said.ID + `","reaction":"👍"}}`)
			post(scoped + `"message":{"text":"yes"},"reply_to":{"mid":"` + said.ID + `"}}`)
		}
		if got := shown().Messages; len(got) != 2 || got[0].BusinessReaction != "👍" || got[0].Reaction != "" || got[1].ReplyTo != said.ID {
			t.Errorf("%s: reaction and reply %+v", c.channel, got)
		}
		if whatsApp {
			post(to + `"type":"reaction","reaction":{"message_id":"` + said.ID + `","emoji":""}}`)
		} else {
			post(scoped + `"sender_action":"unreact","payload":{"message_id":"` + said.ID + `"}}`)
		}
		if got := shown().Messages[0].BusinessReaction; got != "" {
			t.Errorf("%s: the reaction stays: %q", c.channel, got)
		}
	}
}

// The rest of what WhatsApp and the other two take and refuse.
func TestOutboundKinds(t *testing.T) {
	for _, c := range []struct {
		name, channel, content string
		code                   float64 // 0 if it is accepted
		text                   string  // on the phone
	}{
		{"location", "whatsapp", `"type":"location","location":{"latitude":"52.5","longitude":13.4,"name":"Shop"}`, 0, "52.5,13.4 Shop"},
		{"bad location", "whatsapp", `"type":"location","location":{"latitude":152,"longitude":13.4}`, 131009, ""},
		{"contacts", "whatsapp", `"type":"contacts","contacts":[{"name":{"formatted_name":"Bea"}}]`, 0, "Bea"},
		{"nameless contact", "whatsapp", `"type":"contacts","contacts":[{"phones":[]}]`, 100, ""},
		{"list", "whatsapp", `"type":"interactive","interactive":{"type":"list","body":{"text":"Which?"},"action":{"button":"See","sections":[{"rows":[{"id":"1","title":"One","description":"first"}]}]}}`, 0, "Which?"},
		{"link button", "whatsapp", `"type":"interactive","interactive":{"type":"cta_url","body":{"text":"Here"},"action":{"name":"cta_url","parameters":{"display_text":"Go","url":"https://a.example"}}}`, 0, "Here\nhttps://a.example"},
		{"both addresses", "whatsapp", `"recipient":"` + bsuid + `","type":"text","text":{"body":"to wins"}`, 0, "to wins"},
		{"unknown reply", "whatsapp", `"type":"text","text":{"body":"x"},"context":{"message_id":"wamid.none"}`, 0, "x"},
		{"reaction to nothing", "whatsapp", `"type":"reaction","reaction":{"message_id":"wamid.none","emoji":"x"}`, 131009, ""},
		{"reply to nothing", "messenger", `"message":{"text":"x"},"reply_to":{"mid":"m_none"}`, 100, ""},
		{"heart", "messenger", `"message":{"attachment":{"type":"like_heart"}}`, 100, ""},
		{"heart", "instagram", `"message":{"attachment":{"type":"like_heart"}}`, 0, "[like_heart]"},
		{"post", "instagram", `"message":{"attachment":{"type":"MEDIA_SHARE","payload":{"id":17900000000000001}}}`, 0, "[MEDIA_SHARE]"},
		{"human agent", "messenger", `"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT","message":{"text":"x"}`, 0, "x"},
		{"removed tag", "messenger", `"messaging_type":"MESSAGE_TAG","tag":"POST_PURCHASE_UPDATE","message":{"text":"x"}`, 100, ""},
	} {
		t.Run(c.channel+" "+c.name, func(t *testing.T) {
			w := start(t)
			w.says(c.channel, "hi")
			path, token, body := "/v26.0/"+page+"/messages", "page-token", `{"recipient":{"id":"`+psid+`"},`
			switch c.channel {
			case "whatsapp":
				path, token, body = "/v26.0/"+number+"/messages", "wa-token", `{"messaging_product":"whatsapp","to":"+`+phone+`",`
			case "instagram":
				path, token, body = "/v26.0/"+gram+"/messages", "ig-token", `{"recipient":{"id":"`+igsid+`"},`
			}
			status, out := w.graph("POST", path, token, body+c.content+"}")
			e, _ := out["error"].(map[string]any)
			if (status == http.StatusOK) != (c.code == 0) || (c.code != 0 && e["code"] != c.code) {
				t.Fatalf("%d %v", status, out)
			}
			want := []string{}
			if c.code == 0 {
				want = append(want, c.text)
			}
			if diff := cmp.Diff(want, w.texts(c.channel)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// HUMAN_AGENT is for pages that may use it.
func TestHumanAgentNeedsReview(t *testing.T) {
	w := start(t, func(c *simulator.Config) { c.Pages[0].HumanAgent = false })
	w.says(page, "hi")
	must(t, second(w.Advance(25*time.Hour)))
	_, out := w.graph("POST", "/v26.0/"+page+"/messages", "page-token", `{"recipient":{"id":"`+psid+`"},"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT","message":{"text":"x"}}`)
	if e := out["error"].(map[string]any); e["code"] != float64(10) || e["error_subcode"] != float64(2018278) {
		t.Errorf("%v", out)
	}
}

// Numbers, pages and accounts tell of themselves; people have pictures.
func TestProbes(t *testing.T) {
	w := start(t)
	w.says(gram, "hi")
	for path, c := range map[string]struct{ token, field string }{
		number + "?fields=display_phone_number,quality_rating,throughput": {"wa-token", "throughput"},
		"2000": {"wa-token", "name"},
		page + "?fields=instagram_business_account": {"page-token", "instagram_business_account"},
		"me?fields=user_id,username":                {"ig-token", "user_id"},
		psid + "?fields=first_name,profile_pic":     {"page-token", "profile_pic"},
		igsid + "?fields=username,profile_pic":      {"ig-token", "username"},
	} {
		if status, out := w.graph("GET", "/v26.0/"+path, c.token, ""); status != http.StatusOK || out[c.field] == nil {
			t.Errorf("%s: %v", path, out)
		}
	}
	_, out := w.graph("GET", "/v26.0/"+psid, "page-token", "")
	if status, mime, _ := w.get(out["profile_pic"].(string), ""); status != http.StatusOK || mime != "image/png" {
		t.Errorf("picture %d %s", status, mime)
	}
	_, out = w.graph("GET", "/v26.0/2000/phone_numbers", "wa-token", "")
	if got := list(out["data"]); len(got) != 1 || got[0].(map[string]any)["id"] != number {
		t.Errorf("numbers %v", out)
	}
}
