package simulator_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weiche/services/simulator"
)

// Each way to follow a deep link produces the webhook that is documented for
// it. Ids and times are cut out of what is compared.
func TestDeepLinks(t *testing.T) {
	const code = "w1ABCDEF"
	messaging := func(event string) string {
		return `{"sender":{"id":"PERSON"},"recipient":{"id":"ACCOUNT"},"timestamp":0,` + event + `}`
	}
	for _, c := range []struct {
		name    string
		channel string
		writes  bool // the thread exists
		visit   simulator.Visit
		after   func(*testing.T, *world)
		want    []string
	}{
		{
			name: "whatsapp waits for send", channel: "whatsapp",
			visit: simulator.Visit{URL: "https://wa.me/15550100099?text=Go%20on%20" + code},
			after: func(t *testing.T, w *world) {
				threads, err := w.Threads(w.ctx, "Ana", simulator.ThreadQuery{})
				must(t, err)
				if got := threads.Threads[0].Draft; got != "Go on "+code {
					t.Errorf("draft %q", got)
				}
			},
		},
		{
			name: "whatsapp sends the draft later", channel: "whatsapp",
			visit: simulator.Visit{URL: "https://wa.me/15550100099?text=Go%20on%20" + code},
			after: func(t *testing.T, w *world) { w.says("whatsapp", "") },
			want: []string{`{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550100099","phone_number_id":"` + number + `"},
				"contacts":[{"profile":{"name":"Ana"},"wa_id":"15550100001"}],
				"messages":[{"from":"15550100001","id":"ID","timestamp":"0","type":"text","text":{"body":"Go on ` + code + `"}}]}`},
		},
		{
			name: "whatsapp sends an edited draft", channel: "whatsapp",
			visit: simulator.Visit{URL: "https://wa.me/15550100099?text=" + code, Text: "hi, " + code + " pls"},
			want: []string{`{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550100099","phone_number_id":"` + number + `"},
				"contacts":[{"profile":{"name":"Ana"},"wa_id":"15550100001"}],
				"messages":[{"from":"15550100001","id":"ID","timestamp":"0","type":"text","text":{"body":"hi, ` + code + ` pls"}}]}`},
		},
		{
			name: "messenger new thread", channel: "messenger",
			visit: simulator.Visit{URL: "https://m.me/shop?ref=" + code},
			want: []string{messaging(`"postback":{"mid":"ID","title":"Get Started","payload":"GET_STARTED",
				"referral":{"ref":"` + code + `","source":"SHORTLINK","type":"OPEN_THREAD"}}`)},
		},
		{
			name: "messenger looks first", channel: "messenger",
			visit: simulator.Visit{URL: "https://m.me/" + page + "?ref=" + code, Start: simulator.StartNone},
			after: func(t *testing.T, w *world) {
				_, err := w.Tap("Ana", simulator.Press{Integration: page, Button: "Get Started"})
				must(t, err)
			},
			want: []string{messaging(`"postback":{"mid":"ID","title":"Get Started","payload":"GET_STARTED",
				"referral":{"ref":"` + code + `","source":"SHORTLINK","type":"OPEN_THREAD"}}`)},
		},
		{
			name: "messenger existing thread", channel: "messenger", writes: true,
			visit: simulator.Visit{URL: "https://m.me/shop?ref=" + code},
			want:  []string{messaging(`"referral":{"ref":"` + code + `","source":"SHORTLINK","type":"OPEN_THREAD"}`)},
		},
		{
			name: "instagram icebreaker", channel: "instagram",
			visit: simulator.Visit{URL: "https://ig.me/m/shop.ig?ref=" + code},
			want: []string{messaging(`"postback":{"mid":"ID","title":"Get started","payload":"GET_STARTED",
				"referral":{"ref":"` + code + `","source":"SHORTLINKS","type":"OPEN_THREAD"}}`)},
		},
		{
			name: "instagram first typed message", channel: "instagram",
			visit: simulator.Visit{URL: "https://ig.me/m/shop.ig?ref=" + code, Start: simulator.StartNone},
			after: func(t *testing.T, w *world) { w.says("instagram", "hello"); w.says("instagram", "again") },
			want: []string{
				messaging(`"message":{"mid":"ID","text":"hello","referral":{"ref":"` + code + `","source":"SHORTLINKS","type":"OPEN_THREAD"}}`),
				messaging(`"message":{"mid":"ID","text":"again"}`),
			},
		},
		{
			name: "instagram existing thread", channel: "instagram", writes: true,
			visit: simulator.Visit{URL: "https://ig.me/m/shop.ig?ref=" + code},
			want:  []string{messaging(`"referral":{"ref":"` + code + `","source":"SHORTLINKS","type":"OPEN_THREAD"}`)},
		},
		{
			name: "a ref of bad characters is lost", channel: "messenger", writes: true,
			visit: simulator.Visit{URL: "https://m.me/shop?ref=a%20b"},
		},
		{
			name: "a ref that is too long is lost", channel: "instagram", writes: true,
			visit: simulator.Visit{URL: "https://ig.me/m/shop.ig?ref=" + strings.Repeat("a", 2084)},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := start(t)
			if c.writes {
				w.says(c.channel, "hi")
				w.events()
			}
			visited, err := w.Open("Ana", c.visit)
			must(t, err)
			if visited.New == c.writes {
				t.Errorf("new thread: %v", visited.New)
			}
			if c.after != nil {
				c.after(t, w)
			}
			person, account := psid, page
			if c.channel == "instagram" {
				person, account = igsid, gram
			}
			var want []any
			for _, text := range c.want {
				text = strings.NewReplacer("PERSON", person, "ACCOUNT", account).Replace(text)
				var v any
				must(t, json.Unmarshal([]byte(text), &v))
				want = append(want, v)
			}
			var got []any
			for _, ev := range w.events() {
				got = append(got, neutral(ev))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("webhook (-want +got):\n%s", diff)
			}
		})
	}
}

// neutral replaces what differs from run to run.
func neutral(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, value := range v {
			switch _, text := value.(string); {
			case name == "timestamp" && text:
				out[name] = "0"
			case name == "timestamp" || name == "watermark":
				out[name] = float64(0)
			case name == "mid" || (name == "id" && text && strings.HasPrefix(value.(string), "wamid.")):
				out[name] = "ID"
			default:
				out[name] = neutral(value)
			}
		}
		return out
	case []any:
		out := []any{}
		for _, value := range v {
			out = append(out, neutral(value))
		}
		return out
	}
	return v
}

// An envelope has the object and entry of its channel.
func TestEnvelope(t *testing.T) {
	w := start(t)
	for _, c := range []struct{ channel, object, entry string }{
		{"whatsapp", "whatsapp_business_account", "2000"},
		{"messenger", "page", page},
		{"instagram", "instagram", gram},
	} {
		w.hook.forget()
		w.says(c.channel, "hi")
		w.idle()
		body := w.hook.bodies(t)[0]
		entry := list(body["entry"])[0].(map[string]any)
		if body["object"] != c.object || entry["id"] != c.entry {
			t.Errorf("%s: %v", c.channel, body)
		}
		if _, timed := entry["time"].(float64); timed != (c.channel != "whatsapp") {
			t.Errorf("%s: entry.time %v", c.channel, entry["time"])
		}
		if c.channel == "whatsapp" && list(entry["changes"])[0].(map[string]any)["field"] != "messages" {
			t.Errorf("field: %v", entry)
		}
	}
}

// A link that leads nowhere is refused and says why.
func TestBadLinks(t *testing.T) {
	w := start(t)
	for _, c := range []struct {
		url  string
		want error
	}{
		{"http://wa.me/15550100099", simulator.ErrInvalid},
		{"https://wa.me/+15550100099", simulator.ErrInvalid},
		{"https://wa.me/0015550100099", simulator.ErrInvalid},
		{"https://wa.me/message/ABC", simulator.ErrNotFound},
		{"https://wa.me/15550100098", simulator.ErrNotFound},
		{"https://example.com/shop", simulator.ErrInvalid},
		{"https://m.me/", simulator.ErrInvalid},
		{"https://m.me/other", simulator.ErrNotFound},
		{"https://ig.me/m/other", simulator.ErrNotFound},
		{"https://ig.me/m/a/b", simulator.ErrInvalid},
		{"https://m.me/shop?ref=%zz", simulator.ErrInvalid},
		{":", simulator.ErrInvalid},
	} {
		if _, err := w.Open("Ana", simulator.Visit{URL: c.url}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.url, err, c.want)
		}
	}
}
