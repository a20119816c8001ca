package simulator_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weiche/services/simulator"
)

// Events without a phone go out as they are given, in the place that they
// belong to.
func TestHappenings(t *testing.T) {
	w := start(t)
	must(t, w.Happen("Ana", simulator.Happening{Integration: page, Event: "optin", Content: json.RawMessage(`{"type":"notification_messages"}`)}))
	must(t, w.Happen("Ana", simulator.Happening{Integration: page, Event: "app_roles", NoSender: true, Content: json.RawMessage(`{"1001":["primary_receiver"]}`)}))
	events := w.events()
	if diff := cmp.Diff(decode(t, `{"sender":{"id":"`+psid+`"},"recipient":{"id":"`+page+`"},"timestamp":0,"optin":{"type":"notification_messages"}}`), timeless(any(events[0]))); diff != "" {
		t.Error(diff)
	}
	if events[1]["sender"] != nil || events[1]["app_roles"] == nil {
		t.Errorf("app_roles %v", events[1])
	}
	must(t, w.Happen("Ana", simulator.Happening{Integration: gram, Event: "message", Standby: true, Content: json.RawMessage(`{"mid":"m","text":"x"}`)}))
	w.idle()
	entry := list(w.hook.bodies(t)[0]["entry"])[0].(map[string]any)
	if len(list(entry["standby"])) != 1 || entry["messaging"] != nil {
		t.Errorf("standby %v", entry)
	}
	w.hook.forget()
	must(t, w.Happen("Ana", simulator.Happening{Integration: number, Event: "user_preferences", Content: json.RawMessage(`{"user_preferences":[{"value":"stop"}]}`)}))
	if got := w.events()[0]; got["user_preferences"] == nil || got["metadata"] == nil {
		t.Errorf("preferences %v", got)
	}
	if err := w.Happen("Ana", simulator.Happening{Integration: number, Event: "x", Content: json.RawMessage(`[]`)}); !errors.Is(err, simulator.ErrInvalid) {
		t.Errorf("a list: %v", err)
	}
	if status, _ := w.control("POST", "/people/Ana/event", `{"integration":"messenger","event":"optin","content":{"ref":"r"}}`); status != http.StatusOK {
		t.Error("not by control API")
	}
}

// A person takes a user name and another phone; a number that checks
// identities is told of the second.
func TestIdentityChanges(t *testing.T) {
	w := start(t, func(c *simulator.Config) { c.Numbers[0].IdentityCheck = true })
	w.says(number, "hi")
	before := list(w.events()[0]["contacts"])[0].(map[string]any)["identity_key_hash"]
	if _, err := w.ChangeIdentity("Ana", simulator.IdentityChange{NewKey: true}); err != nil {
		t.Fatal(err)
	}
	message := list(w.events()[0]["messages"])[0].(map[string]any)
	identity, _ := message["identity"].(map[string]any)
	if message["type"] != "system" || before == nil || identity["hash"] == nil || identity["hash"] == before {
		t.Errorf("system message %v, before %v", message, before)
	}
	if status, out := w.control("POST", "/people/Ana/identity", `{"mode":"username","username":"ana.b","parent_bsuid":"US.ENT.1"}`); status != http.StatusOK {
		t.Fatal(out)
	}
	w.says(number, "again")
	value := w.events()[0]
	contact := list(value["contacts"])[0].(map[string]any)
	message = list(value["messages"])[0].(map[string]any)
	if contact["wa_id"] != nil || message["from"] != nil || message["from_user_id"] != bsuid || message["from_parent_user_id"] != "US.ENT.1" ||
		contact["profile"].(map[string]any)["username"] != "ana.b" || contact["identity_key_hash"] != identity["hash"] {
		t.Errorf("value %v", value)
	}
	if _, err := w.ChangeNumber("Ana", phone, "US.99"); err != nil {
		t.Errorf("another BSUID for the same phone: %v", err)
	}
}

// Bodies that are no webhooks go out once, signed but for the forged one.
func TestMalformed(t *testing.T) {
	w := start(t)
	kinds := simulator.MalformedKinds()
	for _, kind := range kinds {
		must(t, w.PostMalformed("1001", kind))
	}
	w.idle()
	posts := w.hook.raw()
	if len(posts) != len(kinds) {
		t.Fatalf("%d posts of %d", len(posts), len(kinds))
	}
	for i, p := range posts {
		if signed := p.signature == hmacByHand(secret, p.body); signed == (kinds[i] == "forged") {
			t.Errorf("%s: signed %v", kinds[i], signed)
		}
	}
	w.hook.answer(400)
	must(t, w.PostMalformed("1001", "truncated"))
	w.idle()
	if got := w.Deliveries(simulator.DeliveryQuery{}).Totals; got.GivenUp != 1 {
		t.Errorf("repeated: %+v", got)
	}
	w.hook.forget()
	must(t, w.SetFaults(simulator.Fault{Kind: simulator.FaultMalformed, Event: "message"}))
	w.says(number, "hi")
	w.says(number, "there")
	w.idle()
	if got := len(w.hook.raw()); got != 4 || w.Faults().Fired[simulator.FaultMalformed] != 2 {
		t.Errorf("%d posts, fired %v", got, w.Faults().Fired)
	}
	if err := w.PostMalformed("1001", "odd"); !errors.Is(err, simulator.ErrInvalid) {
		t.Errorf("unknown kind: %v", err)
	}
}

// The dashboard's test has ids that belong to nobody, in changes[].
func TestDashboardTest(t *testing.T) {
	w := start(t)
	for _, id := range []string{number, page, gram} {
		must(t, w.Test(id, ""))
		w.idle()
		entry := list(w.hook.bodies(t)[0]["entry"])[0].(map[string]any)
		if entry["id"] != "0" || len(list(entry["changes"])) != 1 {
			t.Errorf("%s: %v", id, entry)
		}
		w.hook.forget()
	}
	if status, _ := w.control("POST", "/integrations/instagram/test", `{"field":"messaging_referral"}`); status != http.StatusOK {
		t.Error("not by control API")
	}
	if err := w.Test(page, "smells"); !errors.Is(err, simulator.ErrInvalid) {
		t.Errorf("unknown field: %v", err)
	}
}

// A rule on the command line says what a rule in JSON says.
func TestParseFault(t *testing.T) {
	for text, want := range map[string]simulator.Fault{
		"echo_lost": {Kind: simulator.FaultEchoLost},
		"error:code=190,subcode=463,after=3,times=2": {Kind: simulator.FaultError, Code: 190, Subcode: 463, After: 3, Times: 2},
		"duplicate:event=status.read,copies=19,rate=0.5,delay=2s": {
			Kind: simulator.FaultDuplicate, Event: "status.read", Copies: 19, Rate: 0.5, Delay: 2e9,
		},
	} {
		got, err := simulator.ParseFault(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", text, err, diff)
		}
		if again, err := simulator.ParseFault(got.String()); err != nil || again != got {
			t.Errorf("%s is written as %s", text, got)
		}
	}
	for _, text := range []string{"", "nope", "error", "drop:rate=2", "drop:times=x", "drop:smell=1", "drop:event", "drop:event=a", "drop:copies=1,copies=2"} {
		if _, err := simulator.ParseFault(text); !errors.Is(err, simulator.ErrInvalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, kind := range simulator.FaultKinds() {
		if _, err := simulator.ParseFault(string(kind) + ":code=1"); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// The configuration to begin with works as it is, and says what it serves.
func TestStarter(t *testing.T) {
	sim, err := simulator.New(simulator.Starter(), simulator.Options{})
	must(t, err)
	var text strings.Builder
	must(t, sim.Describe(&text, "http://127.0.0.1:8090"))
	for _, part := range []string{"http://127.0.0.1:8090/v26.0/", "simulated-page-token", "simulated-app-secret", "order_update", "Ben", "PSID"} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("%q is not said in\n%s", part, text.String())
		}
	}
	for _, channel := range []string{"whatsapp", "messenger", "instagram"} {
		if _, err := sim.Send("Ana", simulator.Typed{Integration: channel, Text: "hi"}); err != nil {
			t.Error(err)
		}
	}
}

// A short link types its text, until it is deleted.
func TestShortLinks(t *testing.T) {
	w := start(t)
	links := "/v26.0/" + number + "/message_qrdls"
	_, link := w.graph("POST", links+"?prefilled_message=code+A-1", "wa-token", "")
	visited, err := w.Open("Ana", simulator.Visit{URL: link["deep_link_url"].(string), Send: true})
	if err != nil || visited.Message == nil || visited.Message.Text != "code A-1" {
		t.Fatalf("%+v, %v", visited, err)
	}
	code := link["code"].(string)
	w.graph("POST", links+"/"+code, "wa-token", `{"prefilled_message":"code B-2"}`)
	_, all := w.graph("GET", links, "wa-token", "")
	if got := list(all["data"]); len(got) != 1 || got[0].(map[string]any)["prefilled_message"] != "code B-2" {
		t.Errorf("links %v", all)
	}
	if status, out := w.graph("DELETE", links+"/"+code, "wa-token", ""); status != http.StatusOK {
		t.Error(out)
	}
	if _, err := w.Open("Ana", simulator.Visit{URL: link["deep_link_url"].(string)}); !errors.Is(err, simulator.ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
	if status, _ := w.graph("POST", links, "wa-token", `{"prefilled_message":""}`); status == http.StatusOK {
		t.Error("an empty text")
	}
}
