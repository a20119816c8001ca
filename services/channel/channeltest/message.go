package channeltest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/capability"
	"weiche/services/channel"
)

// Message is a send and what the provider gets of it.
type Message struct {
	Name string
	// Change makes it of Setup.Send.
	Change func(*ingressv1.Send)
	// Body is the JSON that is to be posted to Setup.Path; empty where the message
	// is refused, with Refused as the reason.
	Body, Refused string
	// Upload is what is to be uploaded before, by the names of the form's fields;
	// a file is its type, its name and its bytes, with spaces between.
	Upload map[string]string
}

// Signal is a signal and what the provider gets of it.
type Signal struct {
	Name        string
	Integration channel.Integration
	Signal      channel.Signal
	// Body is the JSON that is to be posted to Setup.Path; empty where nothing is.
	Body string
}

// provider is a provider that takes messages and files, and keeps them.
type provider struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	forms  []map[string]string
}

// provide starts a provider that answers as the setup says. Where broken is set
// it answers uploads.
func (s Setup) provide(t *testing.T, broken http.HandlerFunc) *provider {
	t.Helper()
	p := &provider{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
			if r.Header.Get(name) != "" {
				t.Errorf("%s would make Go's transport repeat the request", name)
			}
		}
		switch {
		case r.Method == http.MethodPost && r.URL.Path == s.Path:
			body, _ := io.ReadAll(r.Body)
			p.mu.Lock()
			p.bodies = append(p.bodies, string(body))
			p.mu.Unlock()
			answer := s.Answer
			if s.ReactionAnswer != "" && strings.Contains(string(body), "sender_action") {
				answer = s.ReactionAnswer
			}
			_, _ = io.WriteString(w, answer)
		case r.Method == http.MethodPost && s.UploadPath != "" && r.URL.Path == s.UploadPath:
			form := readForm(t, r)
			p.mu.Lock()
			p.forms = append(p.forms, form)
			p.mu.Unlock()
			if broken != nil {
				broken(w, r)
				return
			}
			_, _ = io.WriteString(w, s.UploadAnswer)
		default:
			t.Errorf("%s %s", r.Method, r.URL)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

// readForm returns the fields of a form.
func readForm(t *testing.T, r *http.Request) map[string]string {
	fields := map[string]string{}
	reader, err := r.MultipartReader()
	if err != nil {
		t.Errorf("an upload that is no form: %v", err)
		return fields
	}
	for {
		part, err := reader.NextPart()
		if err != nil {
			if err != io.EOF {
				t.Error(err)
			}
			return fields
		}
		value, _ := io.ReadAll(part)
		fields[part.FormName()] = string(value)
		if part.FileName() != "" {
			fields[part.FormName()] = part.Header.Get("Content-Type") + " " + part.FileName() + " " + string(value)
		}
	}
}

// messages checks what the provider gets of each message.
func (s Setup) messages(t *testing.T) {
	for _, m := range s.Messages {
		t.Run(m.Name, func(t *testing.T) {
			p := s.provide(t, nil)
			send := proto.CloneOf(s.Send)
			m.Change(send)
			before := proto.CloneOf(send)
			id, err := s.Sender(t, p.URL).Send(t.Context(), send, token)
			if !proto.Equal(before, send) {
				t.Error("the send was changed")
			}
			if m.Body == "" {
				outcome(t, err, channel.Refused, m.Refused)
				if len(p.bodies) != 0 {
					t.Errorf("posted %s", p.bodies)
				}
				return
			}
			if err != nil || id == "" || len(p.bodies) != 1 {
				t.Fatalf("Send = %q, %v; posted %s", id, err, p.bodies)
			}
			if diff := cmp.Diff(decoded(t, m.Body), decoded(t, p.bodies[0])); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			var uploads []map[string]string
			if m.Upload != nil {
				uploads = append(uploads, m.Upload)
			}
			if diff := cmp.Diff(uploads, p.forms); diff != "" {
				t.Errorf("uploads (-want +got):\n%s", diff)
			}
		})
	}
}

// fitted sends contents of every kind as the table of capabilities makes them
// fit, each with one POST, and shows that what does not fit is refused by name.
func (s Setup) fitted(t *testing.T) {
	for _, content := range Contents(t) {
		parts, _, ok := capability.Fit(s.Channel, content)
		if !ok {
			parts = []*eventv1.Content{content}
		}
		for _, part := range parts {
			p := s.provide(t, nil)
			send := proto.CloneOf(s.Send)
			send.Content = part
			id, err := s.Sender(t, p.URL).Send(t.Context(), send, token)
			switch {
			case ok && s.Private && isLink(part):
				outcome(t, err, channel.Refused, "no_public_url")
			case ok && (err != nil || id == "" || len(p.bodies) != 1):
				t.Errorf("%.200v fits: Send = %q, %v with %d posts", part, id, err, len(p.bodies))
			case !ok && err == nil:
				t.Errorf("%.200v does not fit: Send = %q", part, id)
			case !ok:
				if e := outcome(t, err, channel.Refused, reasonOf(err)); e.Detail.GetReason() == "" || len(p.bodies) != 0 {
					t.Errorf("%.200v does not fit: %v after %d posts", part, e, len(p.bodies))
				}
			}
		}
	}
}

func isLink(c *eventv1.Content) bool { return c.GetParts()[0].GetMedia().GetAsLink() }

// Contents returns contents of every kind of part and of file, large and small, and
// some that no channel can send.
func Contents(t *testing.T) []*eventv1.Content {
	t.Helper()
	var all []*eventv1.Content
	add := func(parts ...*eventv1.Part) { all = append(all, &eventv1.Content{Parts: parts}) }
	text := func(body string) *eventv1.Part {
		return &eventv1.Part{Kind: &eventv1.Part_Text{Text: &eventv1.Text{Body: body}}}
	}
	buttons := func(n int) *eventv1.Part {
		b := &eventv1.Buttons{Body: "Which one?"}
		for i := range n {
			b.Buttons = append(b.Buttons, &eventv1.Button{Payload: string(rune('a' + i)), Title: "Number " + string(rune('a'+i))})
		}
		return &eventv1.Part{Kind: &eventv1.Part_Buttons{Buttons: b}}
	}
	add(text("hi"))
	add(text(strings.Repeat("a long text. ", 800)))
	for _, n := range []int{1, 3, 4, 10, 11, 13} {
		add(buttons(n))
	}
	add(text("and"), buttons(2))
	add(&eventv1.Part{Kind: &eventv1.Part_Location{Location: &eventv1.Location{Latitude: 1, Longitude: 2, Name: "Shop"}}})
	add(&eventv1.Part{Kind: &eventv1.Part_Contacts{Contacts: &eventv1.ContactCards{Cards: []*eventv1.ContactCard{{Name: "Ana"}}}}})
	add(&eventv1.Part{Kind: &eventv1.Part_Template{Template: &eventv1.Template{Name: "hello", Language: "en"}}})
	add(&eventv1.Part{Kind: &eventv1.Part_Reacted{Reacted: &eventv1.Reacted{ProviderMessageId: "m", Emoji: "👍"}}})
	var pictures []*eventv1.Part
	for kind, types := range map[eventv1.MediaKind][]string{
		eventv1.MediaKind_MEDIA_KIND_UNSPECIFIED: {"", "image/png"},
		eventv1.MediaKind_MEDIA_KIND_IMAGE:       {"image/png", "image/jpeg", "image/tiff"},
		eventv1.MediaKind_MEDIA_KIND_VIDEO:       {"video/mp4", "video/x-matroska"},
		eventv1.MediaKind_MEDIA_KIND_AUDIO:       {"audio/mpeg", "audio/mp4", "audio/x-m4a"},
		eventv1.MediaKind_MEDIA_KIND_VOICE:       {"audio/ogg; codecs=opus", "audio/aac"},
		eventv1.MediaKind_MEDIA_KIND_STICKER:     {"image/webp", "image/png"},
		eventv1.MediaKind_MEDIA_KIND_DOCUMENT:    {"application/pdf", "text/csv", "application/zip"},
	} {
		for _, mimeType := range types {
			for _, size := range []int64{0, 1 << 30} {
				for _, caption := range []string{"", "this one"} {
					add(&eventv1.Part{Kind: &eventv1.Part_Media{Media: &eventv1.Media{
						Kind: kind, MimeType: mimeType, Size: size, BlobId: "blob-1", FileName: "a file", Caption: caption,
					}}})
				}
			}
		}
	}
	for range 11 {
		pictures = append(pictures, &eventv1.Part{Kind: &eventv1.Part_Media{Media: &eventv1.Media{
			Kind: eventv1.MediaKind_MEDIA_KIND_IMAGE, MimeType: "image/png", BlobId: "blob-1",
		}}})
	}
	add(pictures...)
	add(&eventv1.Part{})
	add(&eventv1.Part{Kind: &eventv1.Part_Answer{Answer: &eventv1.Answer{Title: "yes"}}})
	add(&eventv1.Part{Kind: &eventv1.Part_Postback{Postback: &eventv1.Postback{Title: "start"}}})
	add(&eventv1.Part{Kind: &eventv1.Part_Share{Share: &eventv1.Share{Url: "https://example.test/"}}})
	add(&eventv1.Part{Kind: &eventv1.Part_Order{Order: &eventv1.Order{}}})
	add(&eventv1.Part{Kind: &eventv1.Part_Unsupported{Unsupported: &eventv1.Unsupported{}}})

	kinds := map[int32]bool{}
	for _, c := range all {
		for _, p := range c.GetParts() {
			if f := p.ProtoReflect().WhichOneof(p.ProtoReflect().Descriptor().Oneofs().Get(0)); f != nil {
				kinds[int32(f.Number())] = true
			}
		}
	}
	if known := (&eventv1.Part{}).ProtoReflect().Descriptor().Fields().Len(); len(kinds) != known {
		t.Fatalf("contents of %d kinds, there are %d", len(kinds), known)
	}
	return all
}

// uploads shows that a file which the provider does not get is never the reason
// for an unknown outcome: its message was not posted.
func (s Setup) uploads(t *testing.T) {
	if s.UploadPath == "" {
		t.Skip("no uploads")
	}
	send := proto.CloneOf(s.Send)
	send.Content = &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Media{Media: &eventv1.Media{
		Kind: eventv1.MediaKind_MEDIA_KIND_IMAGE, MimeType: "image/png", BlobId: "blob-1",
	}}}}}
	for _, tc := range []struct {
		name    string
		broken  http.HandlerFunc
		outcome channel.Outcome
		reason  string
	}{
		{"reset", func(w http.ResponseWriter, _ *http.Request) { reset(w) }, channel.NotSent, "connection_lost"},
		{"error page", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, channel.NotSent, "unreadable_answer"},
		{"no id", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) }, channel.NotSent, "no_upload_id"},
		{"ambiguous", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"error":{"code":2}}`) }, channel.NotSent, "provider_unavailable"},
		{"token", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"error":{"code":190}}`) }, channel.Unhealthy, "token_refused"},
		{"refused", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"error":{"code":100}}`) }, channel.Refused, "invalid"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := s.provide(t, tc.broken)
			_, err := s.Sender(t, p.URL).Send(t.Context(), send, token)
			outcome(t, err, tc.outcome, tc.reason)
			if len(p.forms) != 1 || len(p.bodies) != 0 {
				t.Errorf("%d uploads, posted %s", len(p.forms), p.bodies)
			}
		})
	}
	t.Run("once", func(t *testing.T) {
		p := s.provide(t, nil)
		sender := s.Sender(t, p.URL)
		for range 3 {
			if _, err := sender.Send(t.Context(), send, token); err != nil {
				t.Fatal(err)
			}
		}
		if len(p.forms) != 1 || len(p.bodies) != 3 {
			t.Errorf("%d uploads for %d messages", len(p.forms), len(p.bodies))
		}
	})
	for blob, want := range map[string]struct {
		outcome channel.Outcome
		reason  string
	}{
		MissingFile:     {channel.Refused, "media_missing"},
		"":              {channel.Refused, "media_missing"},
		UnreachableFile: {channel.NotSent, "media_unavailable"},
	} {
		p := s.provide(t, nil)
		send := proto.CloneOf(send)
		send.GetContent().GetParts()[0].GetMedia().BlobId = blob
		_, err := s.Sender(t, p.URL).Send(t.Context(), send, token)
		outcome(t, err, want.outcome, want.reason)
		if len(p.forms) != 0 || len(p.bodies) != 0 {
			t.Errorf("%q: %d uploads, posted %s", blob, len(p.forms), p.bodies)
		}
	}
}

// signals checks what the provider gets of each signal.
func (s Setup) signals(t *testing.T) {
	for _, tc := range s.Signals {
		t.Run(tc.Name, func(t *testing.T) {
			p := s.provide(t, nil)
			signaller, ok := s.Sender(t, p.URL).(channel.Signaller)
			if !ok {
				t.Fatal("the sender is no channel.Signaller")
			}
			tc.Integration.Token = token
			if err := signaller.Signal(t.Context(), tc.Integration, tc.Signal); err != nil {
				t.Error(err)
			}
			if tc.Body == "" {
				if len(p.bodies) != 0 {
					t.Errorf("posted %s", p.bodies)
				}
				return
			}
			if len(p.bodies) != 1 {
				t.Fatalf("posted %s", p.bodies)
			}
			if diff := cmp.Diff(decoded(t, tc.Body), decoded(t, p.bodies[0])); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			p.Close()
			// A signal that is lost is over: nobody asks what became of it.
			err := signaller.Signal(context.WithoutCancel(t.Context()), tc.Integration, tc.Signal)
			outcome(t, err, channel.NotSent, reasonOf(err))
		})
	}
}
