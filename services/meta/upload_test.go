package meta

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/channel"
)

// shelf is a store in which every file is there.
type shelf struct{}

func (shelf) Open(_ context.Context, _, id string) (channel.File, error) {
	return channel.File{ReadCloser: io.NopCloser(strings.NewReader(id)), MIMEType: "image/png", Size: int64(len(id))}, nil
}

func (shelf) Link(string, string, time.Duration) (string, bool) { return "", false }

func uploadOf(blob string) Upload {
	return Upload{
		Channel: "whatsapp", Sender: "2001", Edge: "media", Token: "a-token", Media: &eventv1.Media{BlobId: blob}, Attempt: 1, ID: "id",
		Form: func(mimeType string) Form { return Form{Name: "file", Type: mimeType} },
	}
}

// TestUploadsAreRemembered shows for how long, and that a refusal ends it.
func TestUploadsAreRemembered(t *testing.T) {
	uploads := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Error(err)
		}
		uploads++
		fmt.Fprintf(w, `{"id":"%d"}`, uploads)
	}))
	defer server.Close()
	g := newGraph(t, GraphConfig{URL: server.URL})
	u := NewUploads(shelf{})
	now := time.Unix(1767225600, 0)
	u.now = func() time.Time { return now }
	id := func(blob, want string) {
		t.Helper()
		got, err := u.ID(t.Context(), g, uploadOf(blob))
		if err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", blob, got, err, want)
		}
	}
	id("a", "1")
	id("b", "2")
	id("a", "1")
	parts := []*eventv1.Part{MediaPart(&eventv1.Media{BlobId: "a"})}
	u.Refused("2001", failed(channel.Unknown, "timeout", nil), parts)
	u.Refused("2002", Refuse("invalid"), parts)
	id("a", "1")
	u.Refused("2001", Refuse("invalid"), parts)
	id("a", "3")
	now = now.Add(uploadLife)
	id("a", "4")
	id("b", "5")
	for n := range maxUploads {
		u.remember(uploadKey{"2001", fmt.Sprint(n)}, "x")
	}
	if len(u.done) != maxUploads || len(u.order) != maxUploads {
		t.Errorf("%d, %d uploads are remembered", len(u.done), len(u.order))
	}
	id("a", "6")
}

// TestUploadLeavesTimeForTheMessage shows that an upload which takes too long is
// over while its message could still be sent.
func TestUploadLeavesTimeForTheMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t, GraphConfig{URL: "http://graph.test", Timeout: time.Hour})
		l := newLines(t)
		transport := g.client.Transport.(*http.Transport)
		transport.Proxy, transport.DialContext = nil, l.silent
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		began := time.Now()
		_, err := NewUploads(shelf{}).ID(ctx, g, uploadOf("a"))
		var e *channel.SendError
		if !errors.As(err, &e) || e.Outcome != channel.NotSent || e.Detail.GetReason() != "timeout" || time.Since(began) != 20*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		g.Close()
	})
}
