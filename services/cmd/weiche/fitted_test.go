package main

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/capability"
	"weiche/services/channel"
	"weiche/services/channel/channeltest"
	"weiche/services/meta"
	"weiche/services/simulator"
)

// samples are files whose id is their type, with a dot for the slash.
type samples struct{ public string }

// begins is how files begin that providers look into.
var begins = map[string]string{
	"image.jpeg": "\xff\xd8\xff", "image.png": "\x89PNG\r\n\x1a\n", "image.webp": "RIFF", "audio.ogg": "OggS", "application.pdf": "%PDF-",
}

func (samples) Open(_ context.Context, _, id string) (channel.File, error) {
	content := begins[id] + "and so on"
	return channel.File{
		ReadCloser: io.NopCloser(strings.NewReader(content)), MIMEType: strings.Replace(id, ".", "/", 1), Size: int64(len(content)),
	}, nil
}

func (s samples) Link(_, id string, _ time.Duration) (string, bool) {
	return s.public + "/" + id, s.public != ""
}

func (samples) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := path.Base(r.URL.Path)
	w.Header().Set("Content-Type", strings.Replace(id, ".", "/", 1))
	_, _ = io.WriteString(w, begins[id]+"and so on")
}

// TestM6EveryContentArrives sends contents of every kind as they are made to fit
// each channel, and looks for them on the phone.
func TestM6EveryContentArrives(t *testing.T) {
	config := simulator.Starter()
	config.Limits = simulator.Limits{}
	config.Templates = append(config.Templates, simulator.Template{
		WABA: config.Numbers[0].WABA, Name: "hello", Components: []simulator.TemplateComponent{{Type: "BODY", Text: "Hello"}},
	})
	sim, err := simulator.New(config, simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	graph := httptest.NewServer(sim.Handler())
	defer graph.Close()
	files := httptest.NewServer(samples{})
	defer files.Close()
	client, err := meta.NewGraph(meta.GraphConfig{URL: graph.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	linking := senders(client, client, samples{public: files.URL})
	uploading := senders(client, client, samples{})
	ana := sim.People()[0]
	page, account := config.Pages[0].ID, config.Instagrams[0].ID
	igsid := &eventv1.Alias{Kind: "igsid", Value: ana.Instagram[account]}
	for title, from := range map[string]struct {
		senders         map[string]channel.Sender
		name            string
		id, page, token string
		to              *eventv1.Alias
	}{
		"whatsapp":          {linking, "whatsapp", config.Numbers[0].ID, "", config.Numbers[0].Token, &eventv1.Alias{Kind: "phone", Value: ana.WhatsApp.Phone}},
		"messenger":         {linking, "messenger", page, "", config.Pages[0].Token, &eventv1.Alias{Kind: "psid", Value: ana.Messenger[page]}},
		"instagram":         {linking, "instagram", account, page, config.Pages[0].Token, igsid},
		"instagram, upload": {uploading, "instagram", account, page, config.Pages[0].Token, igsid},
		"instagram, login":  {linking, "instagram", account, "", config.Instagrams[0].Token, igsid},
	} {
		t.Run(title, func(t *testing.T) {
			name := from.name
			hello, err := sim.Send(ana.Name, simulator.Typed{Integration: from.id, Text: "hello"})
			if err != nil {
				t.Fatal(err)
			}
			shown := func() int {
				threads, err := sim.Threads(t.Context(), ana.Name, simulator.ThreadQuery{Integration: from.id})
				if err != nil || len(threads.Threads) != 1 {
					t.Fatal(threads, err)
				}
				return len(threads.Threads[0].Messages)
			}
			sent := 0
			for _, content := range channeltest.Contents(t) {
				content = addressed(content, hello.ID)
				parts, _, ok := capability.Fit(name, content)
				if !ok {
					continue
				}
				for _, part := range parts {
					if part.GetParts()[0].GetMedia().GetAsLink() && title == "instagram, upload" {
						continue // there is no address
					}
					before := shown()
					id, err := from.senders[name].Send(t.Context(), &ingressv1.Send{
						SendId: "send-1", Attempt: 1, AccountId: "shop", Channel: name, ProviderAccountId: from.id, PageId: from.page,
						Recipient: []*eventv1.Alias{from.to}, Content: part,
					}, channel.Secret(from.token))
					want := before + 1
					if part.GetParts()[0].GetReacted() != nil {
						want = before
					}
					if err != nil || id == "" || shown() != want {
						t.Errorf("%.200v: %q, %v; %d messages after %d", part, id, err, shown(), before)
					}
					sent++
				}
			}
			if sent < 50 {
				t.Errorf("only %d messages were sent", sent)
			}
		})
	}
}

// addressed returns a content whose files are samples and whose reaction is to a
// message.
func addressed(content *eventv1.Content, message string) *eventv1.Content {
	content = proto.CloneOf(content)
	for _, p := range content.GetParts() {
		if m := p.GetMedia(); m != nil {
			m.BlobId = strings.Replace(cmp.Or(capability.Type(m), "application/octet-stream"), "/", ".", 1)
		}
		if r := p.GetReacted(); r != nil {
			r.ProviderMessageId = message
		}
	}
	return content
}
