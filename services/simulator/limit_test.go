package simulator_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"weiche/services/simulator"
)

func code(body map[string]any) float64 {
	e, _ := body["error"].(map[string]any)
	c, _ := e["code"].(float64)
	return c
}

// A pair may have 45 messages at once and then one at a time; others are not
// held up.
func TestPairLimit(t *testing.T) {
	w := start(t, func(c *simulator.Config) {
		c.Limits = simulator.Limits{PairBurst: 45, PairEvery: simulator.Duration(time.Hour)}
		c.People = append(c.People, simulator.Person{Name: "Bea", WhatsApp: simulator.WhatsAppIdentity{Phone: "15550100003"}})
	})
	w.says(number, "hi")
	_, err := w.Send("Bea", simulator.Typed{Integration: number, Text: "hi"})
	must(t, err)
	refused := 0
	for range 50 {
		if _, body := w.sendWhatsApp("x", ""); code(body) == 131056 {
			refused++
		}
	}
	if refused != 5 {
		t.Errorf("%d of 50 were refused", refused)
	}
	if got := w.Sends(simulator.SendQuery{}); got.Limited != refused || got.Accepted != 50-refused {
		t.Errorf("limited %d, accepted %d", got.Limited, got.Accepted)
	}
	if status, body := w.graph("POST", "/v26.0/"+number+"/messages", "wa-token", `{"messaging_product":"whatsapp","to":"15550100003","text":{"body":"x"}}`); status != http.StatusOK {
		t.Errorf("somebody else: %v", body)
	}
	must(t, second(w.Advance(time.Hour)))
	if status, body := w.sendWhatsApp("x", ""); status != http.StatusOK {
		t.Errorf("an hour later: %v", body)
	}
}

// A number, a page and an account have a throughput, each its own.
func TestThroughput(t *testing.T) {
	w := start(t, func(c *simulator.Config) { c.Limits.PerSecond = 1 })
	for _, channel := range []string{"whatsapp", "messenger", "instagram"} {
		w.says(channel, "hi")
	}
	for name, c := range map[string]struct {
		send func() (int, map[string]any)
		code float64
	}{
		"whatsapp":  {func() (int, map[string]any) { return w.sendWhatsApp("x", "") }, 130429},
		"messenger": {func() (int, map[string]any) { return w.sendMessenger("x", "") }, 613},
		"instagram": {func() (int, map[string]any) { return w.sendInstagram("x") }, 613},
	} {
		var codes []float64
		for range 10 {
			_, body := c.send()
			codes = append(codes, code(body))
		}
		if codes[0] != 0 || !slices.Contains(codes, c.code) {
			t.Errorf("%s: %v", name, codes)
		}
		must(t, second(w.Advance(time.Second)))
		if status, body := c.send(); status != http.StatusOK {
			t.Errorf("%s a second later: %v", name, body)
		}
	}
}

// A token expires in the middle of a run, and another one, or the same one
// renewed, works again.
func TestTokenExpires(t *testing.T) {
	w := start(t)
	w.says(number, "hi")
	must(t, w.ExpireToken("whatsapp"))
	for _, path := range []string{number + "/messages", number, "2000/subscribed_apps"} {
		method := "GET"
		if path == number+"/messages" {
			method = "POST"
		}
		if status, body := w.graph(method, "/v26.0/"+path, "wa-token", ""); status != http.StatusUnauthorized || code(body) != 190 || body["error"].(map[string]any)["error_subcode"] != float64(463) {
			t.Errorf("%s: %d %v", path, status, body)
		}
	}
	must(t, w.RenewToken(number, ""))
	if status, body := w.sendWhatsApp("x", ""); status != http.StatusOK {
		t.Errorf("renewed: %v", body)
	}
	if status, out := w.control("POST", "/integrations/"+number+"/token", `{"expired":true}`); status != http.StatusOK {
		t.Fatal(out)
	}
	if status, out := w.control("POST", "/integrations/"+number+"/token", `{"token":"fresh"}`); status != http.StatusOK {
		t.Fatal(out)
	}
	if status, body := w.sendWhatsApp("x", ""); status != http.StatusUnauthorized {
		t.Errorf("the old one: %v", body)
	}
	if status, body := w.graph("GET", "/v26.0/"+number, "fresh", ""); status != http.StatusOK {
		t.Errorf("the new one: %v", body)
	}
	if err := w.ExpireToken("7"); !errors.Is(err, simulator.ErrNotFound) {
		t.Errorf("unknown integration: %v", err)
	}
}

// Somebody who has blocked a business gets nothing from it.
func TestBlocked(t *testing.T) {
	w := start(t, func(c *simulator.Config) { c.People[0].Blocks = map[string]bool{number: true, page: true, gram: true} })
	for _, channel := range []string{"whatsapp", "messenger", "instagram"} {
		w.says(channel, "hi")
	}
	w.events()
	w.sendWhatsApp("x", "o")
	if st := status(t, w.events()[0]); st["status"] != "failed" || list(st["errors"])[0].(map[string]any)["code"] != float64(131026) {
		t.Errorf("whatsapp %v", st)
	}
	if _, body := w.sendMessenger("x", ""); code(body) != 551 {
		t.Errorf("messenger %v", body)
	}
	if _, body := w.sendInstagram("x"); code(body) != 100 {
		t.Errorf("instagram %v", body)
	}
}

// Retired versions of the Graph API are refused, newer ones answered.
func TestVersions(t *testing.T) {
	for _, c := range []struct {
		versions []string
		version  string
		ok       bool
	}{
		{nil, "v26.0", true},
		{nil, "v31.0", true},
		{nil, "v21.0", true},
		{nil, "v20.0", false},
		{nil, "v0", false},
		{[]string{"*"}, "v3.2", true},
		{[]string{"v25.0"}, "v26.0", false},
	} {
		w := start(t, func(config *simulator.Config) { config.Versions = c.versions })
		status, body := w.graph("GET", "/"+c.version+"/"+number, "wa-token", "")
		if (status == http.StatusOK) != c.ok {
			t.Errorf("%v %s: %d %v", c.versions, c.version, status, body)
		}
	}
}

// Uploads and downloads fail by a fault, and are counted.
func TestMediaFaults(t *testing.T) {
	w := start(t)
	id := w.uploadPicture()
	_, object := w.graph("GET", "/v26.0/"+id, "wa-token", "")
	must(t, w.SetFaults(
		simulator.Fault{Kind: simulator.FaultUploadError, Times: 2},
		simulator.Fault{Kind: simulator.FaultMediaError, Times: 2, Status: 503},
	))
	status, out := w.upload("/v26.0/"+number+"/media", "wa-token", "file", "image/jpeg", picture, "messaging_product", "whatsapp")
	if status == http.StatusOK || code(out) != 131053 {
		t.Errorf("upload %d %v", status, out)
	}
	status, out = w.upload("/v26.0/me/message_attachments", "page-token", "filedata", "image/jpeg", picture, "message", `{"attachment":{"type":"image","payload":{}}}`)
	if e, _ := out["error"].(map[string]any); status == http.StatusOK || e["error_subcode"] != float64(2018047) {
		t.Errorf("attachment %d %v", status, out)
	}
	if status, out := w.graph("GET", "/v26.0/"+id, "wa-token", ""); status != 503 || code(out) != 131052 {
		t.Errorf("object %d %v", status, out)
	}
	if status, _, _ := w.get(object["url"].(string), "wa-token"); status != 503 {
		t.Errorf("bytes %d", status)
	}
	if status, _, _ := w.get(object["url"].(string), "wa-token"); status != http.StatusOK {
		t.Errorf("bytes afterwards %d", status)
	}
	if fired := w.Faults().Fired; fired[simulator.FaultUploadError] != 2 || fired[simulator.FaultMediaError] != 2 || w.Downloads().Failed != 1 {
		t.Errorf("fired %v, downloads %+v", fired, w.Downloads())
	}
}
