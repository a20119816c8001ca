package simulator_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weiche/services/simulator"
)

func decode(t *testing.T, text string) any {
	t.Helper()
	var v any
	must(t, json.Unmarshal([]byte(text), &v))
	return v
}

// A WhatsApp message goes sent, delivered, read, each with the opaque data; a
// tapped button comes back with its context.
func TestWhatsAppRoundTrip(t *testing.T) {
	w := start(t)
	w.says("whatsapp", "hi")
	w.events()
	status, body := w.graph("POST", "/v26.0/"+number+"/messages", "wa-token", `{"messaging_product":"whatsapp","to":"+15550100001","type":"interactive",
		"interactive":{"type":"button","body":{"text":"Go on here?"},"action":{"buttons":[
		{"type":"reply","reply":{"id":"yes","title":"Yes"}},{"type":"reply","reply":{"id":"no","title":"No"}}]}},"biz_opaque_callback_data":"op-1"}`)
	if status != http.StatusOK {
		t.Fatal(body)
	}
	id := list(body["messages"])[0].(map[string]any)["id"].(string)
	if diff := cmp.Diff(decode(t, `[{"input":"+15550100001","wa_id":"15550100001"}]`), body["contacts"]); diff != "" {
		t.Error(diff)
	}
	threads, err := w.Threads(w.ctx, "Ana", simulator.ThreadQuery{Integration: "whatsapp"})
	must(t, err)
	shown := threads.Threads[0].Messages[1]
	want := []simulator.Button{{ID: "yes", Title: "Yes", Kind: simulator.ButtonReply}, {ID: "no", Title: "No", Kind: simulator.ButtonReply}}
	if diff := cmp.Diff(want, shown.Buttons); diff != "" || shown.ID != id || threads.Threads[0].Unread != 1 {
		t.Errorf("the phone shows %+v", shown)
	}
	tap, err := w.Tap("Ana", simulator.Press{Integration: "whatsapp", Button: "Yes"})
	must(t, err)
	if n, err := w.Read("Ana", "whatsapp"); n != 1 || err != nil {
		t.Errorf("read %d, %v", n, err)
	}
	if n, err := w.Read("Ana", "whatsapp"); n != 0 || err != nil {
		t.Errorf("read %d again, %v", n, err)
	}
	value := func(rest string) any {
		return decode(t, `{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550100099","phone_number_id":"`+number+`"},`+rest+`}`)
	}
	st := func(s string) any {
		pricing := ""
		if s == "sent" {
			pricing = `"pricing":{"billable":false,"pricing_model":"PMP","category":"service","type":"free_customer_service"},`
		}
		return value(`"statuses":[{"id":"` + id + `","status":"` + s + `",` + pricing + `"timestamp":"0","recipient_id":"15550100001","biz_opaque_callback_data":"op-1"}]`)
	}
	reply := value(`"contacts":[{"profile":{"name":"Ana"},"wa_id":"15550100001"}],"messages":[{"context":{"from":"15550100099","id":"` + id + `"},
		"from":"15550100001","id":"` + tap.ID + `","timestamp":"0","type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"yes","title":"Yes"}}}]`)
	var got []any
	for _, ev := range w.events() {
		got = append(got, ev)
	}
	for i := range got {
		got[i] = timeless(got[i])
	}
	if diff := cmp.Diff([]any{st("sent"), st("delivered"), reply, st("read")}, got); diff != "" {
		t.Errorf("webhooks (-want +got):\n%s", diff)
	}
	if status, body := w.graph("POST", "/v26.0/"+number+"/messages", "wa-token",
		`{"messaging_product":"whatsapp","status":"read","message_id":"`+tap.ID+`","typing_indicator":{"type":"text"}}`); status != http.StatusOK || body["success"] != true {
		t.Errorf("mark read: %v", body)
	}
	threads, err = w.Threads(w.ctx, "Ana", simulator.ThreadQuery{Integration: "whatsapp"})
	must(t, err)
	if thread := threads.Threads[0]; !thread.Typing || thread.Messages[2].State != "read" {
		t.Errorf("typing %v, state %q", thread.Typing, thread.Messages[2].State)
	}
}

// timeless keeps ids and replaces times.
func timeless(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if _, text := value.(string); name == "timestamp" && text {
				v[name] = "0"
			} else if name == "timestamp" || name == "watermark" {
				v[name] = float64(0)
			} else {
				v[name] = timeless(value)
			}
		}
	case []any:
		for i := range v {
			v[i] = timeless(v[i])
		}
	}
	return v
}

// Messenger echoes with app id and metadata, reports delivery by mid and
// reading by watermark.
func TestMessengerRoundTrip(t *testing.T) {
	w := start(t)
	w.says("messenger", "hi")
	w.events()
	status, body := w.sendMessenger("hello", "meta-1")
	if status != http.StatusOK || body["recipient_id"] != psid {
		t.Fatal(body)
	}
	mid := body["message_id"].(string)
	_, body = w.graph("POST", "/v26.0/me/messages", "page-token", `{"recipient":{"id":"`+psid+`"},"messaging_type":"RESPONSE","message":{
		"text":"Pick","quick_replies":[{"content_type":"text","title":"Red","payload":"RED"}]}}`)
	pick := body["message_id"].(string)
	w.events()
	_, body = w.graph("POST", "/v26.0/me/messages", "page-token", `{"recipient":{"id":"`+psid+`"},"message":{"attachment":{"type":"template",
		"payload":{"template_type":"button","text":"Here?","buttons":[{"type":"postback","title":"Yes","payload":"YES"}]}}}}`)
	template := body["message_id"].(string)
	if got := w.events()[0]["message"].(map[string]any); got["is_echo"] != true || len(list(got["attachments"])) != 1 {
		t.Errorf("echo of a template: %v", got)
	}
	red, err := w.Tap("Ana", simulator.Press{Integration: "messenger", Message: pick, Button: "RED"})
	must(t, err)
	yes, err := w.Tap("Ana", simulator.Press{Integration: "messenger", Message: template, Button: "YES"})
	must(t, err)
	_, err = w.Read("Ana", "messenger")
	must(t, err)
	must(t, w.React("Ana", "messenger", mid, "❤"))
	in := func(rest string) any {
		return decode(t, `{"sender":{"id":"`+psid+`"},"recipient":{"id":"`+page+`"},"timestamp":0,`+rest+`}`)
	}
	want := []any{
		in(`"message":{"mid":"` + red.ID + `","text":"Red","quick_reply":{"payload":"RED"}}`),
		in(`"postback":{"mid":"` + yes.ID + `","title":"Yes","payload":"YES"}`),
		in(`"read":{"watermark":0}`),
		in(`"reaction":{"mid":"` + mid + `","action":"react","reaction":"other","emoji":"❤"}`),
	}
	var got []any
	for _, ev := range w.events() {
		got = append(got, timeless(ev))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("webhooks (-want +got):\n%s", diff)
	}
	w.sendMessenger("again", "meta-2")
	events := w.events()
	if len(events) != 2 {
		t.Fatalf("%d events follow a send: %v", len(events), events)
	}
	echo := neutral(events[0])
	if diff := cmp.Diff(decode(t, `{"sender":{"id":"`+page+`"},"recipient":{"id":"`+psid+`"},"timestamp":0,
		"message":{"is_echo":true,"app_id":1001,"metadata":"meta-2","mid":"ID","text":"again"}}`), echo); diff != "" {
		t.Errorf("echo (-want +got):\n%s", diff)
	}
	delivery := events[1]["delivery"].(map[string]any)
	if len(list(delivery["mids"])) != 1 || delivery["watermark"] == nil {
		t.Errorf("delivery: %v", delivery)
	}
}

// Instagram is reached through the page or by itself; the recipient's id
// decides. It echoes without metadata and reports reading by mid.
func TestInstagramRoundTrip(t *testing.T) {
	w := start(t)
	w.says("instagram", "hi")
	w.events()
	status, body := w.sendInstagram("through the page")
	if status != http.StatusOK {
		t.Fatal(body)
	}
	status, body = w.graph("POST", "/v26.0/"+gram+"/messages", "ig-token", `{"recipient":{"id":"`+igsid+`"},"message":{"text":"by itself"}}`)
	if status != http.StatusOK {
		t.Fatal(body)
	}
	mid := body["message_id"].(string)
	if diff := cmp.Diff([]string{"through the page", "by itself"}, w.texts("instagram")); diff != "" {
		t.Error(diff)
	}
	_, err := w.Read("Ana", "instagram")
	must(t, err)
	said := w.says("instagram", "oops")
	must(t, w.Unsend("Ana", "instagram", said.ID))
	events := w.events()
	if len(events) != 5 {
		t.Fatalf("%d events: %v", len(events), events)
	}
	echo := decode(t, `{"sender":{"id":"`+gram+`"},"recipient":{"id":"`+igsid+`"},"timestamp":0,"message":{"is_echo":true,"mid":"ID","text":"by itself"}}`)
	if diff := cmp.Diff(echo, neutral(events[1])); diff != "" {
		t.Errorf("echo (-want +got):\n%s", diff)
	}
	if got := events[2]["read"].(map[string]any); got["mid"] != mid || len(got) != 1 {
		t.Errorf("read: %v", got)
	}
	if got := events[4]["message"].(map[string]any); got["mid"] != said.ID || got["is_deleted"] != true || len(got) != 2 {
		t.Errorf("unsend: %v", got)
	}
}

// The three modes of a WhatsApp identity show the addresses they should, in
// messages and in statuses.
func TestWhatsAppModes(t *testing.T) {
	for _, c := range []struct {
		mode           simulator.WhatsAppMode
		to             string // parameter of the send
		address        string
		message        []string // keys of the message
		contact        []string
		recipient      []string // keys of the delivered status
		failed         []string // keys of a failed status
		statusContacts bool
	}{
		{simulator.ModePhone, "to", "+" + phone, []string{"from"}, []string{"wa_id"}, []string{"recipient_id"}, []string{"recipient_id"}, false},
		{
			simulator.ModePhoneAndBSUID, "to", "+" + phone,
			[]string{"from", "from_user_id"},
			[]string{"user_id", "wa_id"},
			[]string{"recipient_id", "recipient_user_id"},
			[]string{"recipient_id"},
			true,
		},
		{simulator.ModeUsername, "recipient", bsuid, []string{"from_user_id"}, []string{"user_id"}, []string{"recipient_user_id"}, []string{"recipient_user_id"}, true},
	} {
		t.Run(string(c.mode), func(t *testing.T) {
			w := start(t, func(config *simulator.Config) { config.People[0].WhatsApp.Mode = c.mode })
			w.says("whatsapp", "hi")
			value := w.events()[0]
			if got := having(list(value["messages"])[0], "from", "from_user_id"); !cmp.Equal(got, c.message) {
				t.Errorf("message has %v", got)
			}
			if got := having(list(value["contacts"])[0], "user_id", "wa_id"); !cmp.Equal(got, c.contact) {
				t.Errorf("contact has %v", got)
			}
			send := object("messaging_product", "whatsapp", c.to, c.address, "type", "text", "text", object("body", "x")).text()
			if status, body := w.graph("POST", "/v26.0/"+number+"/messages", "wa-token", send); status != http.StatusOK {
				t.Fatal(body)
			}
			delivered := w.events()[1]
			if got := having(status(t, delivered), "recipient_id", "recipient_user_id"); !cmp.Equal(got, c.recipient) {
				t.Errorf("status has %v", got)
			}
			if (len(list(delivered["contacts"])) == 1) != c.statusContacts {
				t.Errorf("contacts of a status: %v", delivered["contacts"])
			}
			must(t, w.SetFaults(simulator.Fault{Kind: simulator.FaultFailed, Code: 131026}))
			w.graph("POST", "/v26.0/"+number+"/messages", "wa-token", send)
			failed := w.events()[0]
			if got := having(status(t, failed), "recipient_id", "recipient_user_id"); !cmp.Equal(got, c.failed) || failed["contacts"] != nil {
				t.Errorf("failed status has %v, contacts %v", got, failed["contacts"])
			}
			if _, err := w.ChangeNumber("Ana", "15550100002", "US.10000000000000002"); err != nil {
				t.Fatal(err)
			}
			system := list(w.events()[0]["messages"])[0].(map[string]any)
			if system["type"] != "system" || (system["from"] == nil) != (c.mode == simulator.ModeUsername) {
				t.Errorf("system message: %v", system)
			}
		})
	}
}

func having(v any, names ...string) []string {
	var out []string
	for _, name := range names {
		if _, ok := v.(map[string]any)[name]; ok {
			out = append(out, name)
		}
	}
	return out
}

// A message to an address that nobody has is accepted and then fails; what is
// written in the provider's own app comes back with another app id.
func TestStrangersAndNativeApps(t *testing.T) {
	w := start(t)
	code, body := w.graph("POST", "/v26.0/"+number+"/messages", "wa-token",
		`{"messaging_product":"whatsapp","to":"+15550100077","text":{"body":"x"},"biz_opaque_callback_data":"op"}`)
	if code != http.StatusOK {
		t.Fatal(body)
	}
	st := status(t, w.events()[0])
	if st["status"] != "failed" || st["recipient_id"] != "15550100077" || st["biz_opaque_callback_data"] != "op" {
		t.Errorf("status %v", st)
	}
	_, err := w.WriteNative("messenger", "Ana", "from the inbox")
	must(t, err)
	echo := w.events()[0]["message"].(map[string]any)
	if echo["is_echo"] != true || echo["app_id"] == float64(1001) || echo["metadata"] != nil {
		t.Errorf("echo of the inbox: %v", echo)
	}
	_, err = w.WriteNative("whatsapp", "Ana", "from the app")
	must(t, err)
	if got := w.events()[0]; len(list(got["message_echoes"])) != 1 {
		t.Errorf("echo of the app: %v", got)
	}
	for name, err := range map[string]error{
		"person":      second(w.Send("Bea", simulator.Typed{Integration: number, Text: "x"})),
		"integration": second(w.Send("Ana", simulator.Typed{Integration: "7", Text: "x"})),
		"button":      second(w.Tap("Ana", simulator.Press{Integration: number, Button: "x"})),
		"message":     w.React("Ana", number, "x", "y"),
		"unsend":      w.Unsend("Ana", number, "x"),
	} {
		if !errors.Is(err, simulator.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.AddPerson(simulator.Person{Name: "Eve", WhatsApp: simulator.WhatsAppIdentity{Phone: "+" + phone}}); !errors.Is(err, simulator.ErrExists) {
		t.Errorf("a number that is taken: %v", err)
	}
	if _, err := w.AddPerson(simulator.Person{Name: "Ana"}); !errors.Is(err, simulator.ErrExists) {
		t.Errorf("a name that is taken: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }
