package whatsapp

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weiche/services/channel"
)

func TestTemplates(t *testing.T) {
	pages := map[string]string{
		"": `{"data":[
			{"name":"order_ready","language":"de","status":"APPROVED","category":"UTILITY","components":[
				{"type":"HEADER","format":"IMAGE","example":{"header_handle":["x"]}},
				{"type":"BODY","text":"Hello {{1}}, order {{2}} is ready, {{1}}."},
				{"type":"FOOTER","text":"Shop"},
				{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Stop"},{"type":"URL","text":"Track","url":"https://shop.test/{{1}}"},{"type":"COPY_CODE","text":"Copy"}]}]},
			{"name":"old","language":"de","status":"PAUSED","category":"UTILITY"}],
			"paging":{"cursors":{"before":"B","after":"A1"},"next":"https://elsewhere.test/next"}}`,
		"A1": `{"data":[{"name":"named","language":"en","status":"APPROVED","category":"MARKETING","components":[
				{"type":"body","text":"Hi {{ name }}, {{code}}"}]}],"paging":{"cursors":{"after":"A2"}}}`,
	}
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.Method != http.MethodGet || r.URL.Path != "/v26.0/2000/message_templates" || r.URL.Query().Get("status") != "APPROVED" ||
			r.Header.Get("Authorization") != "Bearer a-token" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		_, _ = io.WriteString(w, pages[r.URL.Query().Get("after")])
	}))
	defer server.Close()
	list := newSender(t, server.URL).(channel.Templates)
	got, err := list.Templates(t.Context(), channel.Integration{BusinessAccount: "2000", Token: "a-token"})
	want := []channel.Template{
		{Name: "order_ready", Language: "de", Category: "UTILITY", Components: []channel.TemplateComponent{
			{Type: "HEADER", Format: "IMAGE", Parameters: 1},
			{Type: "BODY", Text: "Hello {{1}}, order {{2}} is ready, {{1}}.", Parameters: 2},
			{Type: "FOOTER", Text: "Shop"},
			{Type: "BUTTONS", Buttons: []channel.TemplateButton{
				{Type: "QUICK_REPLY", Text: "Stop"},
				{Type: "URL", Text: "Track", URL: "https://shop.test/{{1}}", Parameters: 1},
				{Type: "COPY_CODE", Text: "Copy", Parameters: 1},
			}},
		}},
		{Name: "named", Language: "en", Category: "MARKETING", Components: []channel.TemplateComponent{
			{Type: "BODY", Text: "Hi {{ name }}, {{code}}", Parameters: 2, Names: []string{"name", "code"}},
		}},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Templates: %v (-want +got):\n%s", err, diff)
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
	_, err = list.Templates(t.Context(), channel.Integration{Token: "a-token"})
	var e *channel.SendError
	if !errors.As(err, &e) || e.Detail.GetReason() != "no_business_account" {
		t.Error(err)
	}
}

// TestTemplatesFail shows that half a list is none, and that a list that never
// ends does.
func TestTemplatesFail(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Query().Get("after") == "" {
			_, _ = io.WriteString(w, `{"data":[{"name":"a","language":"de","status":"APPROVED"}],"paging":{"cursors":{"after":"A1"},"next":"n"}}`)
			return
		}
		_, _ = io.WriteString(w, `{"error":{"code":190}}`)
	}))
	defer server.Close()
	integration := channel.Integration{BusinessAccount: "2000", Token: "a-token"}
	got, err := newSender(t, server.URL).(channel.Templates).Templates(t.Context(), integration)
	var e *channel.SendError
	if !errors.As(err, &e) || e.Outcome != channel.Unhealthy || got != nil {
		t.Errorf("Templates = %v, %v", got, err)
	}

	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"data":[{"name":"a","language":"de","status":"APPROVED"}],"paging":{"cursors":{"after":"`+
			r.URL.Query().Get("after")+`A"},"next":"n"}}`)
	}))
	defer endless.Close()
	got, err = newSender(t, endless.URL).(channel.Templates).Templates(t.Context(), integration)
	if err != nil || len(got) != maxPages {
		t.Errorf("%d templates, %v", len(got), err)
	}
}
