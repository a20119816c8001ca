package simulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"weiche/services/simulator"
)

// Every error has Graph's shape, its code, subcode and a trace.
func TestGraphErrors(t *testing.T) {
	wa := "/v26.0/" + number + "/messages"
	pg := "/v26.0/" + page + "/messages"
	ig := "/v26.0/" + gram + "/messages"
	to := func(o fields) fields {
		o["messaging_product"], o["to"] = "whatsapp", "+"+phone
		return o
	}
	buttons := func(pairs ...string) fields {
		var all []any
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, object("type", "reply", "reply", object("id", pairs[i], "title", pairs[i+1])))
		}
		return to(object("type", "interactive", "interactive", object("type", "button", "body", object("text", "Yes?"), "action", object("buttons", all))))
	}
	scoped := func(id string, message fields) fields {
		return object("recipient", object("id", id), "message", message)
	}
	quick := func(n int, title string) fields {
		var all []any
		for range n {
			all = append(all, object("content_type", "text", "title", title, "payload", "P"))
		}
		return object("text", "pick", "quick_replies", all)
	}
	template := func(title string) fields {
		return object("attachment", object("type", "template", "payload", object("template_type", "button", "text", "Yes?",
			"buttons", []any{object("type", "postback", "title", title, "payload", "Y")})))
	}
	for _, c := range []struct {
		name          string
		path, token   string
		body          string
		status        int
		code, subcode int
		details       string
	}{
		{"version", "/v19.0/" + number + "/messages", "wa-token", whatsAppText("x", ""), 400, 2500, 0, ""},
		{"no version", "/" + number + "/messages", "wa-token", whatsAppText("x", ""), 400, 2500, 0, ""},
		{"root", "/", "wa-token", "{}", 400, 2500, 0, ""},
		{"edge", "/v26.0/" + number + "/nothing", "wa-token", "{}", 400, 2500, 0, ""},
		{"no token", wa, "", whatsAppText("x", ""), 401, 190, 0, ""},
		{"wrong token", wa, "nonsense", whatsAppText("x", ""), 401, 190, 0, ""},
		{"token of another", wa, "page-token", whatsAppText("x", ""), 400, 100, 33, ""},
		{"unknown object", "/v26.0/999/messages", "wa-token", whatsAppText("x", ""), 400, 100, 33, ""},
		{"no json", wa, "wa-token", "{", 400, 100, 0, ""},
		{"wrong type", wa, "wa-token", `{"messaging_product":"whatsapp","to":1}`, 400, 100, 0, "wrong type"},
		{"no product", wa, "wa-token", `{"to":"+15550100001"}`, 400, 100, 0, "messaging_product is required"},
		{"no recipient", wa, "wa-token", `{"messaging_product":"whatsapp","text":{"body":"x"}}`, 400, 100, 0, "to is required"},
		{"bad number", wa, "wa-token", `{"messaging_product":"whatsapp","to":"Ana","text":{"body":"x"}}`, 400, 100, 0, "phone number"},
		{"group", wa, "wa-token", to(object("recipient_type", "group", "text", object("body", "x"))).text(), 400, 100, 0, "recipient_type"},
		{"unknown kind", wa, "wa-token", to(object("type", "smell")).text(), 400, 100, 0, "smell"},
		{"kind without content", wa, "wa-token", to(object("type", "image")).text(), 400, 100, 0, "image is required"},
		{"empty text", wa, "wa-token", whatsAppText("", ""), 400, 100, 0, "text['body'] is required"},
		{"long text", wa, "wa-token", whatsAppText(strings.Repeat("ä", 4097), ""), 400, 100, 0, "4096"},
		{"long opaque", wa, "wa-token", whatsAppText("x", strings.Repeat("o", 513)), 400, 100, 0, "512"},
		{"self", wa, "wa-token", `{"messaging_product":"whatsapp","to":"15550100099","text":{"body":"x"}}`, 400, 131021, 0, ""},
		{"no buttons", wa, "wa-token", buttons().text(), 400, 131009, 0, "buttons count"},
		{"four buttons", wa, "wa-token", buttons("1", "a", "2", "b", "3", "c", "4", "d").text(), 400, 131009, 0, "buttons count"},
		{"long title", wa, "wa-token", buttons("1", strings.Repeat("t", 21)).text(), 400, 131009, 0, "title length"},
		{"empty title", wa, "wa-token", buttons("1", "").text(), 400, 131009, 0, "title length"},
		{"twice the id", wa, "wa-token", buttons("1", "a", "1", "b").text(), 400, 131009, 0, "Duplicate button ids"},
		{"read of nothing", wa, "wa-token", `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.none"}`, 400, 131009, 0, ""},
		{"template without language", wa, "wa-token", to(object("type", "template", "template", object("name", "x"))).text(), 400, 100, 0, "language"},

		{"messenger without recipient", pg, "page-token", `{"message":{"text":"x"}}`, 400, 100, 0, ""},
		{"messenger stranger", pg, "page-token", scoped("42", object("text", "x")).text(), 400, 100, 2018001, ""},
		{"messenger empty", pg, "page-token", scoped(psid, object()).text(), 400, 100, 0, ""},
		{"messenger long", pg, "page-token", scoped(psid, object("text", strings.Repeat("a", 2000))).text(), 400, 100, 0, ""},
		{"messenger text and attachment", pg, "page-token", scoped(psid, object("text", "x", "attachment", object("type", "image"))).text(), 400, 100, 0, ""},
		{"messenger 14 quick replies", pg, "page-token", scoped(psid, quick(14, "a")).text(), 400, 100, 0, ""},
		{"messenger quick reply title", pg, "page-token", scoped(psid, quick(1, strings.Repeat("a", 21))).text(), 400, 100, 0, ""},
		{"messenger button title", pg, "page-token", scoped(psid, template(strings.Repeat("a", 21))).text(), 400, 100, 0, ""},
		{"messenger metadata", pg, "page-token", scoped(psid, object("text", "x", "metadata", strings.Repeat("m", 1000))).text(), 400, 100, 0, ""},
		{"messenger type", pg, "page-token", `{"recipient":{"id":"` + psid + `"},"messaging_type":"NOW","message":{"text":"x"}}`, 400, 100, 0, ""},
		{"messenger removed tag", pg, "page-token", `{"recipient":{"id":"` + psid + `"},"messaging_type":"MESSAGE_TAG","tag":"ACCOUNT_UPDATE","message":{"text":"x"}}`, 400, 100, 0, ""},
		{"messenger action", pg, "page-token", `{"recipient":{"id":"` + psid + `"},"sender_action":"dance"}`, 400, 100, 0, ""},
		{"instagram stranger", ig, "ig-token", scoped("42", object("text", "x")).text(), 400, 100, 2534014, ""},
		{"instagram long", ig, "ig-token", scoped(igsid, object("text", strings.Repeat("ä", 501))).text(), 400, 100, 0, ""},
		{"too big", wa, "wa-token", `"` + strings.Repeat("x", 1<<20) + `"`, 413, 1, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := start(t)
			for _, channel := range []string{"whatsapp", "messenger", "instagram"} {
				w.says(channel, "hi") // so that no window is in the way
			}
			status, body := w.graph("POST", c.path, c.token, c.body)
			e, _ := body["error"].(map[string]any)
			if e == nil {
				t.Fatalf("no error: %d %v", status, body)
			}
			subcode, _ := e["error_subcode"].(float64)
			if status != c.status || e["code"] != float64(c.code) || int(subcode) != c.subcode {
				t.Errorf("got HTTP %d, %v/%v: %v", status, e["code"], subcode, e)
			}
			for _, name := range []string{"message", "type", "fbtrace_id"} {
				if text, _ := e[name].(string); text == "" {
					t.Errorf("%s is missing: %v", name, e)
				}
			}
			if data, _ := e["error_data"].(map[string]any); c.details != "" {
				if text, _ := data["details"].(string); !strings.Contains(text, c.details) {
					t.Errorf("details %q do not contain %q", text, c.details)
				}
			}
			if n := w.Sends(simulator.SendQuery{}).Accepted; n != 0 {
				t.Errorf("%d sends were accepted", n)
			}
		})
	}
}

// The 24-hour window opens with the person's message and closes by the
// simulator's clock; HUMAN_AGENT and templates outlive it.
func TestWindow(t *testing.T) {
	agent := `{"recipient":{"id":"` + psid + `"},"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT","message":{"text":"late"}}`
	template := `{"messaging_product":"whatsapp","to":"+15550100001","type":"template","template":{"name":"again","language":{"code":"en"}}}`
	w := start(t)
	check := func(stage string, whatsApp, messenger, instagram int) {
		t.Helper()
		got := func(status int, body map[string]any) int {
			if e, ok := body["error"].(map[string]any); ok {
				if sub, ok := e["error_subcode"].(float64); ok {
					return int(sub)
				}
				return int(e["code"].(float64))
			}
			return status
		}
		if c := got(w.sendWhatsApp("x", "")); c != whatsApp {
			t.Errorf("%s: whatsapp %d, want %d", stage, c, whatsApp)
		}
		if c := got(w.sendMessenger("x", "")); c != messenger {
			t.Errorf("%s: messenger %d, want %d", stage, c, messenger)
		}
		if c := got(w.sendInstagram("x")); c != instagram {
			t.Errorf("%s: instagram %d, want %d", stage, c, instagram)
		}
	}
	check("before", 131047, 2018278, 2534022)
	for _, channel := range []string{"whatsapp", "messenger", "instagram"} {
		w.says(channel, "hi")
	}
	check("open", 200, 200, 200)
	_, err := w.Advance(24*time.Hour - time.Minute)
	must(t, err)
	check("nearly closed", 200, 200, 200)
	_, err = w.Advance(time.Minute)
	must(t, err)
	check("closed", 131047, 2018278, 2534022)
	if status, body := w.graph("POST", "/v26.0/me/messages", "page-token", agent); status != http.StatusOK {
		t.Errorf("HUMAN_AGENT after a day: %v", body)
	}
	if status, body := w.graph("POST", "/v26.0/"+number+"/messages", "wa-token", template); status != http.StatusOK {
		t.Errorf("template after a day: %v", body)
	}
	if _, err := w.Advance(-time.Second); err == nil {
		t.Error("the clock went back")
	}
	must(t, w.UpdateConfig(func(c *simulator.Config) error { c.Window = simulator.WindowAsync; return nil }))
	w.events()
	if status, body := w.sendWhatsApp("x", "late"); status != http.StatusOK {
		t.Errorf("async window: %v", body)
	}
	st := status(t, w.events()[0])
	if st["status"] != "failed" || st["biz_opaque_callback_data"] != "late" ||
		st["errors"].([]any)[0].(map[string]any)["code"] != float64(131047) {
		t.Errorf("async window: %v", st)
	}
}

func status(t *testing.T, value map[string]any) map[string]any {
	t.Helper()
	if len(list(value["statuses"])) != 1 {
		t.Fatalf("no status: %v", value)
	}
	return list(value["statuses"])[0].(map[string]any)
}

// Objects, subscriptions and the messenger profile answer as Graph does.
func TestObjects(t *testing.T) {
	w := start(t)
	for _, c := range []struct{ path, token, field, want string }{
		{number, "wa-token", "display_phone_number", "15550100099"},
		{page, "page-token", "name", "shop"},
		{"me", "page-token", "id", page},
		{"me", "ig-token", "username", "shop.ig"},
		{psid, "page-token", "first_name", "Ana"},
		{gram + "?fields=username", "ig-token", "username", "shop.ig"},
	} {
		status, body := w.graph("GET", "/v25.0/"+c.path, c.token, "")
		if status != http.StatusOK || body[c.field] != c.want {
			t.Errorf("GET %s: %d %v", c.path, status, body)
		}
	}
	if status, _ := w.graph("GET", "/v26.0/"+igsid, "ig-token", ""); status == http.StatusOK {
		t.Error("an Instagram profile without consent")
	}
	w.says("instagram", "hi")
	if status, body := w.graph("GET", "/v26.0/"+igsid, "ig-token", ""); status != http.StatusOK || body["username"] != "ana" {
		t.Errorf("an Instagram profile with consent: %d %v", status, body)
	}
	if status, _ := w.graph("GET", "/v26.0/"+page+"?access_token=page-token", "", ""); status != http.StatusOK {
		t.Error("access_token as a parameter")
	}
	if status, body := w.graph("GET", "/v26.0/"+page+"?appsecret_proof=00", "page-token", ""); status == http.StatusOK {
		t.Errorf("a wrong appsecret_proof: %v", body)
	}
	if status, body := w.graph("POST", "/v26.0/me/messenger_profile", "page-token", `{"get_started":{"payload":"BEGIN"}}`); status != http.StatusOK {
		t.Errorf("messenger_profile: %v", body)
	}
	_, err := w.Open("Ana", simulator.Visit{URL: "https://m.me/shop?ref=w1"})
	must(t, err)
	events := w.events()
	if got := events[len(events)-1]["postback"].(map[string]any)["payload"]; got != "BEGIN" {
		t.Errorf("payload %v", got)
	}
}

// Without a subscription there are no events, with one those of its fields.
func TestSubscription(t *testing.T) {
	w := start(t, func(c *simulator.Config) { c.RequireSubscription = true })
	w.says("whatsapp", "lost")
	w.says("messenger", "lost")
	if got := w.events(); len(got) != 0 {
		t.Fatalf("unsubscribed events: %v", got)
	}
	if status, body := w.graph("POST", "/v26.0/2000/subscribed_apps", "wa-token", ""); status != http.StatusOK || body["success"] != true {
		t.Fatalf("subscribe the WABA: %d %v", status, body)
	}
	if status, body := w.graph("POST", "/v26.0/"+page+"/subscribed_apps?subscribed_fields=messages,messaging_postbacks", "page-token", ""); status != http.StatusOK {
		t.Fatalf("subscribe the page: %d %v", status, body)
	}
	w.says("whatsapp", "heard")
	w.says("messenger", "heard")
	w.sendMessenger("no echo", "m1")
	if got := w.events(); len(got) != 2 {
		t.Errorf("%d events: %v", len(got), got)
	}
	_, body := w.graph("GET", "/v26.0/2000/subscribed_apps", "wa-token", "")
	if len(list(body["data"])) != 1 {
		t.Errorf("subscribed apps: %v", body)
	}
}
